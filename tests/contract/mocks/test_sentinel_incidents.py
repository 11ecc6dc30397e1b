"""The incident resource of the Sentinel mock: create, replace, conflict, delete, and who did it."""

import pytest

from tests.contract.mocks.sentinel_caller import INCIDENTS, NAME, Caller

NOBODY = dict.fromkeys(("objectId", "email", "assignedTo", "userPrincipalName", "ownerType"))


@pytest.fixture
def caller() -> Caller:
    return Caller()


async def test_the_first_put_creates_and_the_next_updates(caller: Caller) -> None:
    created = await caller.put()
    updated = await caller.put(title="Phish, again")

    assert (created.status_code, updated.status_code) == (201, 200)
    body = updated.json()
    assert body["id"].lower() == f"{INCIDENTS}/{NAME}".lower()
    assert body["name"] == NAME
    assert body["etag"] != created.json()["etag"]
    assert body["etag"].startswith('"')
    assert body["etag"].endswith('"')
    assert "systemData" not in body


async def test_a_created_incident_is_numbered_and_dated_by_the_service(caller: Caller) -> None:
    await caller.put("a")
    body = (await caller.put("b")).json()["properties"]

    assert body["incidentNumber"] == 2
    assert (body["providerName"], body["providerIncidentId"]) == ("Azure Sentinel", "2")
    assert body["createdTimeUtc"] == body["lastModifiedTimeUtc"] == "2026-01-05T08:00:00Z"
    assert body["additionalData"]["commentsCount"] == 0
    assert body["owner"] == NOBODY
    assert "classification" not in body


async def test_names_and_path_segments_are_matched_without_regard_to_case(caller: Caller) -> None:
    await caller.put("AbC")
    path = INCIDENTS.upper() + "/aBc"

    answer = await caller.http.get(path, params={"api-version": "2024-09-01"})

    assert answer.json()["name"] == "AbC"
    assert len(caller.mock.contents()["incidents"]) == 1


async def test_put_clears_what_it_leaves_out(caller: Caller) -> None:
    await caller.put(description="d", labels=[{"labelName": "x"}], owner={"assignedTo": "Customer"})

    body = (await caller.put()).json()["properties"]

    assert body["labels"] == []
    assert body["owner"] == NOBODY
    assert "description" not in body


async def test_put_keeps_what_it_leaves_out_where_the_switch_says_so(caller: Caller) -> None:
    caller.mock.settings.put_replaces = False
    await caller.put(description="d", labels=[{"labelName": "x"}])

    body = (await caller.put(title="new")).json()["properties"]

    assert (body["title"], body["description"]) == ("new", "d")
    assert body["labels"] == [{"labelName": "x", "labelType": "User"}]


async def test_read_only_members_are_ignored(caller: Caller) -> None:
    body = (await caller.put(incidentNumber=77, providerName="x", additionalData={"alertsCount": 9})).json()

    assert body["properties"]["incidentNumber"] == 1
    assert body["properties"]["providerName"] == "Azure Sentinel"
    assert body["properties"]["additionalData"]["alertsCount"] == 0


async def test_properties_can_be_dropped_in_silence(caller: Caller) -> None:
    caller.mock.settings.ignored_properties = ["severity"]
    await caller.put()
    caller.mock.edit(NAME, {"severity": "Low"})

    answer = await caller.put(severity="High")

    assert answer.status_code == 200
    assert answer.json()["properties"]["severity"] == "Low"


async def test_a_stale_etag_conflicts_and_changes_nothing(caller: Caller) -> None:
    first = (await caller.put()).json()["etag"]
    second = (await caller.put(title="by somebody else")).json()["etag"]

    answer = await caller.put(etag=first, title="mine")

    assert answer.status_code == 409
    message = f"Newer version of resource '{NAME}' exists. Data was not saved"
    assert answer.json() == {"error": {"code": "Conflict", "message": message}}
    assert "Retry-After" not in answer.headers
    held = await caller.get()
    assert (held["etag"], held["properties"]["title"]) == (second, "by somebody else")


async def test_the_current_etag_and_no_etag_are_accepted(caller: Caller) -> None:
    etag = (await caller.put()).json()["etag"]

    assert (await caller.put(etag=etag)).status_code == 200
    assert (await caller.put()).status_code == 200


async def test_delete_needs_contributor_and_tells_whether_there_was_something(caller: Caller) -> None:
    await caller.put()
    refused = await caller.call("DELETE", f"/{NAME}")
    caller.mock.settings.role = "contributor"

    deleted, again = [await caller.call("DELETE", f"/{NAME}") for _ in range(2)]

    assert refused.status_code == 403
    assert (deleted.status_code, again.status_code) == (200, 204)
    assert (await caller.call("GET", f"/{NAME}")).status_code == 404
    assert (await caller.put()).json()["properties"]["incidentNumber"] == 2


async def test_alerts_bookmarks_and_entities_are_read_with_post(caller: Caller) -> None:
    await caller.put()

    answers = [await caller.call("POST", f"/{NAME}/{what}") for what in ("alerts", "bookmarks", "entities")]

    assert [answer.json() for answer in answers] == [
        {"value": []},
        {"value": []},
        {"entities": [], "metaData": []},
    ]
    assert (await caller.call("GET", f"/{NAME}/alerts")).status_code == 405


async def test_the_journal_tells_hands_apart(caller: Caller) -> None:
    await caller.put()
    caller.mock.edit(NAME, {"severity": "Low"}, by="Megan Bowen")
    caller.mock.comment(NAME, "looks fine", "Megan Bowen")
    caller.mock.upsert_from_provider("7", {"title": "t"})

    changes = caller.mock.contents()["changes"]

    assert [(one["seq"], one["hand"], one["deed"]) for one in changes] == [
        (1, "api", "created"),
        (2, "person", "updated"),
        (3, "person", "commented"),
        (4, "microsoft", "created"),
    ]
    assert changes[1]["changed"] == {"severity": ["High", "Low"]}


async def test_a_persons_edit_makes_an_older_etag_stale(caller: Caller) -> None:
    etag = (await caller.put()).json()["etag"]
    caller.mock.edit(NAME, {"severity": "Low", "providerName": "anything"})

    assert (await caller.put(etag=etag)).status_code == 409
    with pytest.raises(KeyError):
        caller.mock.edit("missing", {})


async def test_reset_empties_the_workspace(caller: Caller) -> None:
    await caller.put()
    caller.mock.reset()

    assert caller.mock.contents() == {"incidents": [], "comments": {}, "tasks": {}, "changes": []}
    assert (await caller.put()).json()["properties"]["incidentNumber"] == 1
