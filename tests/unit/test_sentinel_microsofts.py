"""Incidents that Microsoft's connector makes: found, verified, waited for, never created."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import NotThereYetError, RejectedError
from connector.model import Delivery, IncidentKey, Mode, Target
from tests.contract.targets.harness import TENANT, changed, deliver
from tests.contract.targets.sentinel_harness import MicrosoftHarness

RETRY = timedelta(seconds=30)


@pytest.fixture
def theirs(tmp_path: Path) -> MicrosoftHarness:
    return MicrosoftHarness(tmp_path)


async def test_an_incident_that_is_not_there_yet_is_waited_for(theirs: MicrosoftHarness) -> None:
    target = theirs.start()
    with pytest.raises(NotThereYetError, match="Microsoft's connector"):
        await deliver(target, theirs.delivery())
    theirs.arrange(IncidentKey(TENANT, "101"))
    theirs.clock.advance(RETRY)
    receipt = await deliver(target, theirs.delivery())
    assert receipt.link.external_id == theirs.only().id
    assert "security.microsoft.com" in receipt.link.url
    assert theirs.writes()[-1].status == 200


@pytest.mark.parametrize("find_by", ["list", "filter"])
async def test_the_first_update_of_a_found_incident_is_one_write(
    theirs: MicrosoftHarness, find_by: str
) -> None:
    target = theirs.start(find_by=find_by)
    delivery = theirs.delivery(fields={}, tags=("Determination: Malware",))
    theirs.arrange(delivery.key)

    await deliver(target, delivery)

    assert [entry.method for entry in theirs.heard()] == ["GET", "PUT"]
    assert theirs.only().tags == ["Determination: Malware"]
    assert theirs.only().fields["title"] == "Multi-stage incident"


async def test_an_incident_of_a_person_with_the_same_provider_id_is_not_taken(
    theirs: MicrosoftHarness,
) -> None:
    name = theirs.mock.upsert_from_provider("101", {"title": "t", "severity": "Low", "status": "New"})
    theirs.mock.edit(name, {"providerName": "Azure Sentinel"})
    for find_by in ("list", "filter"):
        with pytest.raises(NotThereYetError):
            await deliver(theirs.start(find_by=find_by), theirs.delivery())


async def test_an_incident_of_another_tenant_with_the_same_number_is_not_taken(
    theirs: MicrosoftHarness,
) -> None:
    theirs.arrange(IncidentKey(TENANT, "101"))
    other = IncidentKey("00000000-1111-4222-8333-944445555666", "101")
    with pytest.raises(NotThereYetError):
        await deliver(theirs.start(), replace(theirs.delivery(), key=other))


async def test_listing_stops_where_the_incident_cannot_be_any_more(theirs: MicrosoftHarness) -> None:
    for number in range(450):
        theirs.arrange(IncidentKey(TENANT, f"old-{number}"))
    theirs.clock.advance(timedelta(days=1))
    theirs.arrange(IncidentKey(TENANT, "101"))
    recent = theirs.clock.now().isoformat()
    target = theirs.start()
    await target.prepare([theirs.delivery(created_hint=recent)])
    assert len(theirs.reads()) == 1
    theirs.log.clear()
    await target.prepare([theirs.delivery("102", created_hint="no time")])
    assert len(theirs.reads()) == 3


async def missing(target: Target, *deliveries: Delivery) -> None:
    """Take deliveries to the target as one batch, and wait for all of them."""
    await target.prepare(deliveries)
    for delivery in deliveries:
        with pytest.raises(NotThereYetError):
            await target.apply(delivery)


async def test_many_that_wait_share_one_list_whenever_their_turns_come(theirs: MicrosoftHarness) -> None:
    target = theirs.start()
    batches = [[theirs.delivery(f"{batch}{number}") for number in range(10)] for batch in range(1, 11)]
    await missing(target, *(each for batch in batches for each in batch))
    for _ in range(2):
        theirs.log.clear()
        theirs.clock.advance(RETRY)
        for batch in batches:
            theirs.clock.advance(timedelta(seconds=1))
            await missing(target, *batch)
        assert len(theirs.reads()) == 1


async def test_what_is_long_missing_is_looked_for_ever_less_often(theirs: MicrosoftHarness) -> None:
    target = theirs.start()
    looks: list[int] = []
    for _ in range(4):
        for _ in range(60):
            theirs.clock.advance(RETRY)
            await missing(target, theirs.delivery())
        looks.append(len(theirs.reads()) - sum(looks))
    assert looks[0] > looks[1] == looks[3] == 3
    theirs.arrange(IncidentKey(TENANT, "101"))
    theirs.clock.advance(timedelta(minutes=10))
    await deliver(target, theirs.delivery())


async def test_a_new_incident_does_not_wait_for_an_old_one(theirs: MicrosoftHarness) -> None:
    for number in range(450):
        theirs.arrange(IncidentKey(TENANT, f"old-{number}"))
    target = theirs.start()
    await missing(target, theirs.delivery("100"))
    theirs.clock.advance(timedelta(days=1))
    await missing(target, theirs.delivery("100"))
    theirs.log.clear()
    theirs.arrange(IncidentKey(TENANT, "101"))
    await deliver(target, theirs.delivery("101", created_hint=theirs.clock.now().isoformat()))
    assert [entry.method for entry in theirs.heard()] == ["GET", "PUT"]


async def test_an_incident_that_another_ones_list_brought_to_light_needs_no_list(
    theirs: MicrosoftHarness,
) -> None:
    target = theirs.start()
    await missing(target, theirs.delivery("101"))
    theirs.arrange(IncidentKey(TENANT, "101"))
    await missing(target, theirs.delivery("102"))
    theirs.log.clear()
    theirs.clock.advance(RETRY)
    await deliver(target, theirs.delivery("101"))
    assert [entry.method for entry in theirs.heard()] == ["PUT"]


async def test_an_incident_that_was_deleted_is_never_made_anew(theirs: MicrosoftHarness) -> None:
    target = theirs.start()
    delivery, first = await theirs.first(target)
    await deliver(target, changed(delivery, severity="Low"))
    assert [entry.method for entry in theirs.heard()] == ["GET", "PUT"]
    theirs.log.clear()
    theirs.delete(first.link.external_id)

    with pytest.raises(RejectedError) as caught:
        await deliver(target, changed(delivery, severity="Informational"))

    assert (caught.value.signature, caught.value.alone) == ("not_found", True)
    assert theirs.writes() == []


async def test_only_what_the_mapping_means_is_written_to_microsofts_incident(
    theirs: MicrosoftHarness,
) -> None:
    target = theirs.start()
    delivery = theirs.delivery(fields={"severity": "High"}, tags=("Ours",))
    careful = replace(delivery.record, modes={"severity": Mode.UNLESS_EDITED})
    theirs.arrange(delivery.key)
    receipt = await deliver(target, replace(delivery, record=careful))
    assert theirs.only().fields["severity"] == "Medium"
    assert "did not write" in receipt.left["severity"]
    assert theirs.only().tags == ["Ours"]
