"""What is particular to ServiceNow: keys without uniqueness, tokens, journals that only grow."""

from dataclasses import replace
from pathlib import Path

import pytest

from connector.errors import AuthError, RejectedError, TransientError
from connector.model import IncidentKey
from tests.contract.targets.harness import TENANT, changed, deliver, note
from tests.contract.targets.servicenow_harness import ServiceNowHarness

KEY = f"mdxdr:{TENANT}:101"


@pytest.fixture
def far(tmp_path: Path) -> ServiceNowHarness:
    return ServiceNowHarness(tmp_path)


async def test_a_new_record_carries_key_token_and_a_sys_id_of_our_choice(far: ServiceNowHarness) -> None:
    delivery, first = await far.first(far.start())
    held = far.only().fields
    assert held["correlation_id"] == KEY
    assert held["correlation_display"] == "token-101"
    assert held["sys_id"] == first.link.external_id
    chosen = delivery.key.chosen_id(target="servicenow", table="incident", purpose="record")
    assert held["sys_id"] == chosen.hex
    assert first.link.url == f"http://127.0.0.1:8443/nav_to.do?uri=incident.do?sys_id={chosen.hex}"
    assert first.link.number == held["number"]


async def test_an_instance_may_choose_the_sys_id(far: ServiceNowHarness) -> None:
    for choose in (True, False):
        far.mock.reset()
        far.mock.settings.hide_sys_id_writes = choose
        delivery, _ = await far.first(far.start(choose_sys_id=choose))
        await deliver(far.start(), changed(delivery, impact="1"))
        assert far.only().fields["impact"] == "1"


async def test_a_batch_of_new_incidents_is_one_look_up_and_one_write_each(far: ServiceNowHarness) -> None:
    target = far.start()
    deliveries = [far.delivery(str(number)) for number in range(100)]
    await target.prepare(deliveries)
    for delivery in deliveries:
        await target.apply(delivery)
    assert (len(far.reads()), len(far.writes())) == (1, 100)


async def test_a_record_with_our_key_is_adopted(far: ServiceNowHarness) -> None:
    made = far.mock.create("incident", {"correlation_id": KEY, "short_description": "by hand"})
    receipt = await deliver(far.start(), far.delivery())
    assert receipt.link.external_id == made["sys_id"] == far.only().id
    assert not receipt.created
    assert far.only().fields["short_description"] == "Phish"


async def test_a_key_that_is_cut_or_not_stored_is_found_at_once(far: ServiceNowHarness) -> None:
    far.mock.settings.no_write_fields.add("correlation_id")
    _, receipt = await far.first(far.start())
    assert [(lost.field, lost.sent, lost.held) for lost in receipt.not_taken] == [("correlation_id", KEY, "")]


def forget_keys(far: ServiceNowHarness) -> None:
    """An instance that keeps neither our key nor a sys_id of our choice."""
    far.mock.settings.no_write_fields.add("correlation_id")
    far.mock.settings.hide_sys_id_writes = True


async def test_where_no_key_is_kept_no_second_record_is_created_until_it_is(far: ServiceNowHarness) -> None:
    forget_keys(far)
    target = far.start()
    delivery, first = await far.first(target)
    assert [lost.field for lost in first.not_taken] == ["correlation_id"]
    await deliver(target, changed(delivery, impact="1"))
    for _ in range(2):
        with pytest.raises(AuthError, match=r"correlation_id.*let the account write correlation_id"):
            await deliver(target, far.delivery("102"))
    assert far.only().fields["impact"] == "1"

    far.mock.settings.no_write_fields.clear()
    await deliver(target, far.delivery("102"))
    assert [held.fields["correlation_id"] for held in far.held()] == [KEY, KEY.replace("101", "102")]
    far.log.clear()
    await deliver(target, far.delivery("103"))
    assert [entry.method for entry in far.writes()] == ["POST"]


async def test_a_record_without_key_that_was_deleted_stands_in_nobodys_way(far: ServiceNowHarness) -> None:
    forget_keys(far)
    target = far.start()
    _, first = await far.first(target)
    far.delete(first.link.external_id)
    await deliver(target, far.delivery("102"))
    with pytest.raises(AuthError, match="correlation_id"):
        await deliver(target, far.delivery("103"))


async def test_a_record_without_key_is_found_by_its_token_after_a_lost_answer(far: ServiceNowHarness) -> None:
    forget_keys(far)
    target = far.start()
    delivery = far.delivery(notes=(note(),))
    far.fail("cut_after", method="POST")
    with pytest.raises(TransientError):
        await deliver(target, delivery)
    receipt = await deliver(target, replace(delivery, in_doubt=True, notes=(note(sent=True),)))
    assert receipt.created
    assert (receipt.link.external_id, len(far.only().notes)) == (far.only().id, 1)
    with pytest.raises(AuthError, match="correlation_id"):
        await deliver(target, far.delivery("102"))


async def test_a_record_in_the_way_under_our_sys_id_is_adopted(far: ServiceNowHarness) -> None:
    _, first = await far.first(far.start())
    far.mock.edit("incident", first.link.external_id, {"correlation_id": ""})
    receipt = await deliver(far.start(), far.delivery(fields={"short_description": "again"}))
    assert receipt.link.external_id == far.only().id
    assert far.only().fields["short_description"] == "again"


async def test_a_twin_that_the_account_may_not_see_is_refused_in_words(far: ServiceNowHarness) -> None:
    _, first = await far.first(far.start())
    far.mock.settings.hidden_rows.add(first.link.external_id)
    with pytest.raises(RejectedError) as caught:
        await deliver(far.start(), far.delivery())
    assert caught.value.signature == "hidden_twin"
    assert len(far.held()) == 1


async def test_an_instance_that_ignores_the_condition_is_noticed(far: ServiceNowHarness) -> None:
    for number in range(5):
        far.mock.create("incident", {"short_description": f"not ours {number}"})
    far.mock.settings.no_read_fields.add("correlation_id")
    far.mock.create("incident", {"correlation_id": KEY})
    target = far.start()
    with pytest.raises(RejectedError) as caught:
        await deliver(target, far.delivery())
    assert (caught.value.signature, caught.value.alone) == ("ignored_filter", False)
    assert far.writes() == []


@pytest.mark.parametrize("incident", ["1^ORactive=true", "1,2", "1\n2", "javascript:gs.log(1)"])
async def test_a_key_that_is_a_query_is_refused(far: ServiceNowHarness, incident: str) -> None:
    target = far.start()
    delivery = replace(far.delivery(), key=IncidentKey(TENANT, incident))
    with pytest.raises(RejectedError) as caught:
        await deliver(target, delivery)
    assert (caught.value.signature, caught.value.alone) == ("unsafe_key", True)
    assert far.heard() == []


async def test_many_records_for_one_key_hide_no_other_record(far: ServiceNowHarness) -> None:
    for _ in range(5):
        far.mock.create("incident", {"correlation_id": f"mdxdr:{TENANT}:100"})
    far.mock.create("incident", {"correlation_id": KEY, "short_description": "the one"})
    target = far.start()
    await target.prepare([far.delivery("100"), far.delivery("101")])
    receipt = await target.apply(far.delivery("101"))
    assert len(far.held()) == 6
    assert receipt.link.number == far.held()[-1].fields["number"]
    with pytest.raises(RejectedError, match="more than one"):
        await target.apply(far.delivery("100"))


async def test_nothing_is_created_against_the_mappings_will(far: ServiceNowHarness) -> None:
    with pytest.raises(RejectedError) as caught:
        await deliver(far.start(), far.delivery(may_create=False))
    assert (caught.value.signature, caught.value.alone) == ("may_not_create", True)


async def test_a_token_travels_with_notes_and_only_with_them(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    receipt = await deliver(target, changed(delivery, impact="1"))
    await deliver(target, replace(delivery, link=receipt.link, notes=(note(),)))
    first, second = (entry.request_body for entry in far.writes())
    assert first == {"impact": "1"}
    assert second["correlation_display"] == "token-2"
    assert set(second) == {"work_notes", "correlation_display", "impact"}


async def test_notes_of_one_delivery_are_one_entry_with_a_blank_line_between(far: ServiceNowHarness) -> None:
    await far.first(far.start(), notes=(note("aaaaaaaaaaaa", "one"), note("bbbbbbbbbbbb", "two")))
    assert far.only().notes == ["one [mdxdr:aaaaaaaaaaaa]\n\ntwo [mdxdr:bbbbbbbbbbbb]"]


async def test_lost_notes_are_found_without_reading_the_journal(far: ServiceNowHarness) -> None:
    far.mock.settings.journals_readable = False
    target = far.start()
    delivery, _ = await far.first(target)
    update = replace(delivery, notes=(note(),))
    far.fail("cut_after", method="PATCH")
    with pytest.raises(TransientError):
        await deliver(target, update)
    far.log.clear()

    await deliver(target, replace(update, in_doubt=True, notes=(note(sent=True),)))

    assert [entry.method for entry in far.heard()] == ["GET"]
    assert len(far.only().notes) == 1


async def test_notes_may_go_to_the_caller_if_the_user_says_so(far: ServiceNowHarness) -> None:
    await far.first(far.start(note_field="comments", token_field="origin_table"), notes=(note(),))
    (entry,) = far.mock.contents()["sys_journal_field"]
    assert entry["element"] == "comments"
    assert far.only().fields["origin_table"] == "token-101"


async def test_tags_that_go_into_notes_touch_no_field(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target, tags=("One",), tags_into="note")
    assert far.only().tags == []
    later = replace(delivery.record, tags=("Two",))
    await deliver(target, replace(changed(delivery, impact="1"), record=later))
    assert far.only().tags == []


async def test_a_comma_in_a_tag_makes_no_second_tag(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target, tags=("Malware, confirmed",))
    assert far.only().tags == ["Malware; confirmed"]
    await deliver(target, replace(delivery, record=replace(delivery.record, tags=())))
    assert far.only().tags == []


async def test_probing_explains_a_wrong_table_and_a_missing_role(far: ServiceNowHarness) -> None:
    with pytest.raises(AuthError, match="check the table"):
        await far.start(table="u_no_such_table").probe()
    hidden = far.mock.create("incident", {"short_description": "hidden"})
    far.mock.settings.hidden_rows.add(hidden["sys_id"])
    shown = far.mock.create("incident", {"short_description": "shown"})
    await far.start().probe()
    far.mock.settings.hidden_rows.add(shown["sys_id"])
    with pytest.raises(AuthError, match="sees none of them; give the account a role"):
        await far.start().probe()
    far.mock.settings.unreadable_tables.add("incident")
    with pytest.raises(AuthError, match="role"):
        await far.start().probe()


async def test_opening_refuses_a_wrong_table_and_a_page_instead_of_the_api(far: ServiceNowHarness) -> None:
    with pytest.raises(AuthError, match="check the table"):
        await far.start(table="u_no_such_table").open(first_use=False)
    far.mock.settings.unreadable_tables.add("incident")
    with pytest.raises(AuthError, match="role"):
        await far.start().open(first_use=False)
    far.fail("html", times=None)
    with pytest.raises(AuthError, match="HTML"):
        await far.start().open(first_use=False)
    far.faults.clear()
    far.fail("status", status=502, times=None)
    with pytest.raises(TransientError):
        await far.start().open(first_use=False)


async def test_a_token_that_is_not_stored_is_noticed(far: ServiceNowHarness) -> None:
    far.mock.settings.no_write_fields.add("correlation_display")
    target = far.start()
    delivery, first = await far.first(target)
    assert [lost.field for lost in first.not_taken] == ["correlation_display"]
    receipt = await deliver(target, replace(delivery, notes=(note(),)))
    assert [lost.field for lost in receipt.not_taken] == ["correlation_display"]
