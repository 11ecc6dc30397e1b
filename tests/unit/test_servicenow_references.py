"""People and groups: looked up in batches, verified, remembered for a while."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.mocks.servicenow.directory import stable_id
from connector.model import FieldValue, Lookup, Mode
from tests.contract.targets.harness import changed, deliver
from tests.contract.targets.servicenow_harness import ServiceNowHarness

SAM = stable_id("sys_user", "sam.rivera")
NOOR = stable_id("sys_user", "noor.haddad")
TIER_2 = stable_id("sys_user_group", "SOC Tier 2")
SOC: dict[str, FieldValue] = {"assignment_group": Lookup("sys_user_group", ("name",), "SOC Tier 2")}


@pytest.fixture
def far(tmp_path: Path) -> ServiceNowHarness:
    return ServiceNowHarness(tmp_path)


def user(value: str, **changes: Any) -> Lookup:
    return Lookup("sys_user", ("user_name", "email"), value, **changes)


async def test_people_and_groups_are_looked_up_once_for_a_batch(far: ServiceNowHarness) -> None:
    target = far.start()
    names = ("sam.rivera", "sam.rivera@example.com", "Noor.Haddad")
    deliveries = [
        far.delivery(str(number), fields={**far.first_fields(), "assigned_to": user(name), **SOC})
        for number, name in enumerate(names)
    ]
    await target.prepare(deliveries)
    receipts = [await target.apply(delivery) for delivery in deliveries]

    assert len(far.reads()) == 3
    assert [held.fields["assigned_to"] for held in far.held()] == [SAM, SAM, NOOR]
    assert [held.fields["assignment_group"] for held in far.held()] == [TIER_2] * 3
    assert all(receipt.not_taken == () and not receipt.left for receipt in receipts)


@pytest.mark.parametrize(
    ("asked", "held", "reason"),
    [
        (user("nobody@example.com"), SAM, "no row in sys_user with user_name or email 'nobody@example.com'"),
        (user("nobody@example.com", on_missing="clear"), "", None),
        (Lookup("sys_user", ("name",), "Alex Kim"), SAM, "2 rows in sys_user with name 'Alex Kim'"),
        (Lookup("sys_user", ("name",), "Alex Kim", on_many="clear"), "", None),
        (user("a^ORactive=true"), SAM, "no row"),
        (user("sam.rivera,noor.haddad"), SAM, "no row"),
        (user("javascript:gs.getUserID()"), SAM, "no row"),
        (user(""), SAM, "no row"),
        (user("noor.haddad"), NOOR, None),
    ],
)
async def test_a_person_who_is_not_one_row_is_left_or_cleared(
    far: ServiceNowHarness, asked: Lookup, held: str, reason: str | None
) -> None:
    target = far.start()
    fields = {**far.first_fields(), "assigned_to": user("sam.rivera")}
    delivery, _ = await far.first(target, fields=fields)

    receipt = await deliver(target, changed(delivery, assigned_to=asked))

    assert far.only().fields["assigned_to"] == held
    if reason is None:
        assert dict(receipt.left) == {}
        assert receipt.link.applied["assigned_to"] == asked
    else:
        assert reason in receipt.left["assigned_to"]
        assert receipt.link.applied["assigned_to"] == user("sam.rivera")
        assert far.writes() == []
    assert not any("javascript" in entry.query or "active=true" in entry.query for entry in far.reads())


async def test_a_person_who_is_left_delays_no_other_field(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    receipt = await deliver(target, changed(delivery, assigned_to=user("nobody"), impact="1", **SOC))
    assert far.only().fields["impact"] == "1"
    assert far.only().fields["assignment_group"] == TIER_2
    assert list(receipt.left) == ["assigned_to"]


async def test_group_and_assignee_travel_together(far: ServiceNowHarness) -> None:
    target = far.start()
    fields = {**far.first_fields(), "assigned_to": user("sam.rivera"), **SOC}
    delivery, _ = await far.first(target, fields=fields)
    other = Lookup("sys_user_group", ("name",), "SOC Tier 1")
    await deliver(target, changed(delivery, assignment_group=other))
    assert far.only().fields["assigned_to"] == SAM


async def test_an_assignee_somebody_changed_counts_as_edited(far: ServiceNowHarness) -> None:
    target = far.start()
    fields = {**far.first_fields(), "assigned_to": user("sam.rivera")}
    delivery, first = await far.first(target, fields=fields)
    careful = replace(delivery.record, modes={"assigned_to": Mode.UNLESS_EDITED})
    update = changed(replace(delivery, record=careful), assigned_to=user("noor.haddad"))

    receipt = await deliver(target, update)
    assert far.only().fields["assigned_to"] == NOOR

    far.mock.edit("incident", first.link.external_id, {"assigned_to": stable_id("sys_user", "alex.kim")})
    following = changed(replace(update, link=receipt.link), assigned_to=user("sam.rivera"))
    receipt = await deliver(target, following)
    assert far.only().fields["assigned_to"] == stable_id("sys_user", "alex.kim")
    assert list(receipt.left) == ["assigned_to"]


async def test_people_are_remembered_for_a_while_and_the_missing_for_less(far: ServiceNowHarness) -> None:
    target = far.start()
    asked = [far.delivery(fields={"assigned_to": user(name)}) for name in ("sam.rivera", "nobody")]

    async def lists_of_people(after: timedelta) -> int:
        far.clock.advance(after)
        far.log.clear()
        await target.prepare(asked)
        return sum("/sys_user" in entry.path for entry in far.reads())

    assert await lists_of_people(timedelta()) == 1
    assert await lists_of_people(timedelta(minutes=1)) == 0
    assert await lists_of_people(timedelta(minutes=3)) == 1
    far.mock.create("sys_user", {"user_name": "nobody", "name": "Now Somebody"})
    assert await lists_of_people(timedelta(minutes=3)) == 1
    await target.apply(asked[1])
    assert far.only().fields["assigned_to"] != ""


async def test_a_person_out_of_use_is_nobody(far: ServiceNowHarness) -> None:
    body = {"result": [{"sys_id": SAM, "user_name": "sam.rivera", "active": "false"}]}
    far.faults.add(
        {
            "mock": "servicenow",
            "path_regex": "table/sys_user",
            "fault": {"kind": "status", "status": 200, "body": body},
        }
    )
    fields = {**far.first_fields(), "assigned_to": user("sam.rivera")}
    _, receipt = await far.first(far.start(), fields=fields)
    assert list(receipt.left) == ["assigned_to"]


async def test_rows_that_were_not_asked_for_are_nobody(far: ServiceNowHarness) -> None:
    lookup = Lookup("sys_user", ("u_employee_number",), "1234")
    fields = {**far.first_fields(), "assigned_to": lookup}
    _, receipt = await far.first(far.start(), fields=fields)
    assert far.only().fields["assigned_to"] == ""
    assert list(receipt.left) == ["assigned_to"]


async def test_a_table_that_cannot_be_asked_is_left_and_the_ticket_goes_out(far: ServiceNowHarness) -> None:
    target = far.start()
    no_table = far.delivery("100", fields={**far.first_fields(), "cmdb_ci": Lookup("u_none", ("name",), "x")})
    plain = far.delivery("101")
    await target.prepare([no_table, plain])
    receipt = await target.apply(no_table)
    assert "Invalid table u_none" in receipt.left["cmdb_ci"]
    await target.apply(plain)
    assert len(far.held()) == 2


async def test_a_table_that_the_account_may_not_read_stops_no_ticket_and_empties_no_field(
    far: ServiceNowHarness,
) -> None:
    found = Lookup("sys_user", ("user_name",), "sam.rivera", on_missing="clear")
    target = far.start()
    delivery, _ = await far.first(target, fields={**far.first_fields(), "assigned_to": found})
    held = far.only().fields["assigned_to"]
    far.mock.settings.unreadable_tables.add("sys_user")
    other = replace(found, value="dana.example")
    receipt = await deliver(far.start(), changed(delivery, assigned_to=other, short_description="new"))
    assert (held, far.only().fields["short_description"]) == (far.only().fields["assigned_to"], "new")
    assert "Insufficient rights" in receipt.left["assigned_to"]
    assert receipt.link.applied["assigned_to"] == found


async def test_a_name_with_a_comma_is_found_beside_others(far: ServiceNowHarness) -> None:
    row = far.mock.create("sys_user", {"name": "Rivera, Sam (SOC)", "user_name": "x1"})
    wanted = {
        "opened_by": Lookup("sys_user", ("name", "user_name"), "dana.example"),
        "caller_id": Lookup("sys_user", ("name", "user_name"), "Rivera, Sam (SOC)"),
    }
    await far.first(far.start(), fields={**far.first_fields(), **wanted})
    held = far.only().fields
    assert (held["caller_id"], held["opened_by"]) == (row["sys_id"], stable_id("sys_user", "dana.example"))


async def test_many_long_names_do_not_make_too_long_an_address(far: ServiceNowHarness) -> None:
    names = [f"Pr\u00fcfer {'x' * 90} {number}" for number in range(50)]
    rows = [
        far.mock.create("sys_user", {"name": name, "user_name": f"u{at}"}) for at, name in enumerate(names)
    ]
    target = far.start()
    deliveries = [
        far.delivery(
            str(at), fields={**far.first_fields(), "caller_id": Lookup("sys_user", ("name", "email"), name)}
        )
        for at, name in enumerate(names)
    ]
    await target.prepare(deliveries)
    receipt = await target.apply(deliveries[-1])
    assert (far.only().fields["caller_id"], dict(receipt.left)) == (rows[-1]["sys_id"], {})
    assert len([entry for entry in far.heard() if "sys_user" in entry.path]) < 10


@pytest.mark.parametrize(
    ("name", "lookup", "held", "reason"),
    [
        ("cmdb_ci", Lookup("cmdb_ci", ("name",), "LAP-1001"), "lap-1001 0", ""),
        ("cmdb_ci", Lookup("cmdb_ci", ("fqdn", "asset_tag"), "P3002"), "kiosk 3", ""),
        ("cmdb_ci", Lookup("cmdb_ci", ("name",), "kiosk"), "", "2 rows in cmdb_ci with name 'kiosk'"),
        ("cmdb_ci", Lookup("cmdb_ci", ("name",), "web01"), "", "no row in cmdb_ci with name 'web01'"),
        ("company", Lookup("core_company", ("name",), "Contoso"), "Contoso 0", ""),
        ("u_site", Lookup("u_site", ("u_code",), "GVA"), "Geneva 1", ""),
    ],
)
async def test_rows_of_any_table_are_referred_to(
    far: ServiceNowHarness, name: str, lookup: Lookup, held: str, reason: str
) -> None:
    _, receipt = await far.first(far.start(), fields={**far.first_fields(), name: lookup})
    row_id = stable_id(lookup.table, held) if held else ""
    assert far.only().fields[name] == row_id
    assert reason in receipt.left.get(name, "")
    assert bool(reason) is (name in receipt.left)
