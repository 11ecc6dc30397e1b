"""Incidents that Microsoft's connector makes: found, verified, waited for, never created."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import NotThereYetError
from connector.model import IncidentKey, Mode
from tests.contract.targets.harness import TENANT, deliver
from tests.contract.targets.sentinel_harness import MicrosoftHarness


@pytest.fixture
def theirs(tmp_path: Path) -> MicrosoftHarness:
    return MicrosoftHarness(tmp_path)


async def test_an_incident_that_is_not_there_yet_is_waited_for(theirs: MicrosoftHarness) -> None:
    target = theirs.start()
    with pytest.raises(NotThereYetError, match="Microsoft's connector"):
        await deliver(target, theirs.delivery())
    theirs.arrange(IncidentKey(TENANT, "101"))
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
    await target.prepare([theirs.delivery(created_hint="no time")])
    assert len(theirs.reads()) == 3


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
