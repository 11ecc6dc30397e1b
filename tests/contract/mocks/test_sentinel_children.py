"""Comments, tasks and relations of the Sentinel mock, and what they do to their incident."""

from datetime import timedelta
from typing import Any

import pytest

from tests.contract.mocks.sentinel_caller import NAME, Caller

COMMENT = f"/{NAME}/comments/4bb36b7b-26ff-4d1c-9cbe-0d8ab3da0014"
TASK = f"/{NAME}/tasks/4bb36b7b-26ff-4d1c-9cbe-0d8ab3da0014"
RELATION = f"/{NAME}/relations/r1"


@pytest.fixture
async def caller() -> Caller:
    caller = Caller()
    await caller.put()
    caller.clock.advance(timedelta(minutes=1))
    return caller


def message(text: Any) -> dict[str, Any]:
    return {"properties": {"message": text}}


async def test_a_comment_is_written_once_under_its_own_id(caller: Caller) -> None:
    created = await caller.call("PUT", COMMENT, message("hello"))
    caller.clock.advance(timedelta(minutes=1))
    repeated = await caller.call("PUT", COMMENT, message("hello again"))

    assert (created.status_code, repeated.status_code) == (201, 200)
    assert created.json()["properties"] == {
        "message": "hello",
        "createdTimeUtc": "2026-01-05T08:01:00Z",
        "lastModifiedTimeUtc": "2026-01-05T08:01:00Z",
        "author": {
            "objectId": "33333333-0000-4000-8000-000000000001",
            "email": None,
            "name": "xdr-connector",
            "userPrincipalName": None,
        },
    }
    listed = (await caller.call("GET", f"/{NAME}/comments")).json()["value"]
    assert listed == [repeated.json()]
    assert listed[0]["properties"]["message"] == "hello again"
    assert listed[0]["properties"]["lastModifiedTimeUtc"] == "2026-01-05T08:02:00Z"


async def test_a_childs_name_is_found_in_any_case_and_kept_as_first_written(caller: Caller) -> None:
    await caller.call("PUT", f"/{NAME}/comments/AbC", message("x"))
    await caller.call("PUT", f"/{NAME}/COMMENTS/aBc", message("y"))

    rows = (await caller.call("GET", f"/{NAME}/comments")).json()["value"]

    assert [(row["name"], row["properties"]["message"]) for row in rows] == [("AbC", "y")]


async def test_a_comment_changes_its_incidents_version_time_and_count(caller: Caller) -> None:
    before = await caller.get()
    await caller.call("PUT", COMMENT, message("hello"))
    after = await caller.get()

    assert after["etag"] != before["etag"]
    assert after["properties"]["lastModifiedTimeUtc"] == "2026-01-05T08:01:00Z"
    assert after["properties"]["additionalData"]["commentsCount"] == 1
    assert (await caller.put(etag=before["etag"])).status_code == 409


async def test_a_persons_comment_looks_like_anybodys(caller: Caller) -> None:
    caller.mock.comment(NAME, "checked", "megan.bowen@contoso.example")
    caller.mock.comment(NAME, "also", "a stranger")

    authors = [row["properties"]["author"] for row in caller.mock.contents()["comments"][NAME]]

    assert [author["name"] for author in authors] == ["Megan Bowen", "a stranger"]


@pytest.mark.parametrize("text", [None, "", 5, "x" * 30_001])
async def test_unacceptable_comments_are_refused(caller: Caller, text: Any) -> None:
    assert (await caller.call("PUT", COMMENT, message(text))).status_code == 400
    assert (await caller.get())["properties"]["additionalData"]["commentsCount"] == 0


async def test_the_longest_comment_is_taken(caller: Caller) -> None:
    assert (await caller.call("PUT", COMMENT, message("x" * 30_000))).status_code == 201


async def test_an_incident_holds_a_hundred_comments(caller: Caller) -> None:
    answers = [await caller.call("PUT", f"/{NAME}/comments/c{n}", message("x")) for n in range(101)]

    assert [answer.status_code for answer in answers] == [201] * 100 + [400]
    assert (await caller.call("PUT", f"/{NAME}/comments/c7", message("y"))).status_code == 200


async def test_comments_are_paged(caller: Caller) -> None:
    for number in range(5):
        await caller.call("PUT", f"/{NAME}/comments/c{number}", message("x"))

    first = (await caller.call("GET", f"/{NAME}/comments", options={"$top": 3})).json()
    second = (await caller.http.get(first["nextLink"])).json()

    assert [row["name"] for row in first["value"] + second["value"]] == ["c0", "c1", "c2", "c3", "c4"]
    assert "nextLink" not in second


async def test_comments_can_be_ordered_but_not_filtered(caller: Caller) -> None:
    for number in range(3):
        await caller.call("PUT", f"/{NAME}/comments/c{number}", message("x"))

    newest_first = {"$orderby": "properties/createdTimeUtc desc", "$top": 2}
    first = (await caller.call("GET", f"/{NAME}/comments", options=newest_first)).json()
    second = (await caller.http.get(first["nextLink"])).json()
    filtered = await caller.call("GET", f"/{NAME}/comments", options={"$filter": "properties/message eq 'x'"})

    assert [row["name"] for row in first["value"] + second["value"]] == ["c2", "c1", "c0"]
    assert filtered.status_code == 400


async def test_only_the_author_edits_and_only_contributor_deletes(caller: Caller) -> None:
    await caller.call("PUT", COMMENT, message("mine"))
    deleted = await caller.call("DELETE", COMMENT)
    caller.http.headers["Authorization"] = "Bearer other"
    edited = await caller.call("PUT", COMMENT, message("yours"))
    caller.mock.settings.role = "contributor"
    gone, again = [await caller.call("DELETE", COMMENT) for _ in range(2)]

    assert (deleted.status_code, edited.status_code) == (403, 403)
    assert (gone.status_code, again.status_code) == (200, 204)
    assert (await caller.get())["properties"]["additionalData"]["commentsCount"] == 0


async def test_tasks_have_two_statuses_and_an_etag(caller: Caller) -> None:
    body = {"properties": {"title": "Isolate", "description": "the device", "status": "New"}}
    created = await caller.call("PUT", TASK, body)
    done = {"etag": created.json()["etag"], "properties": {**body["properties"], "status": "Completed"}}
    completed = await caller.call("PUT", TASK, done)
    stale = await caller.call("PUT", TASK, done)

    assert (created.status_code, completed.status_code, stale.status_code) == (201, 200, 409)
    assert completed.json()["properties"]["createdBy"]["name"] == "xdr-connector"
    assert (await caller.call("GET", f"/{NAME}/tasks")).json()["value"] == [completed.json()]
    assert (await caller.call("GET", TASK)).json() == completed.json()


@pytest.mark.parametrize(
    "properties",
    [
        {"title": "t"},
        {"status": "New"},
        {"title": "t", "status": "Active"},
        {"title": "t" * 151, "status": "New"},
        {"title": "t", "description": "d" * 3001, "status": "New"},
    ],
)
async def test_unacceptable_tasks_are_refused(caller: Caller, properties: dict[str, str]) -> None:
    assert (await caller.call("PUT", TASK, {"properties": properties})).status_code == 400


async def test_a_task_changes_its_incidents_version(caller: Caller) -> None:
    before = await caller.get()

    await caller.call("PUT", TASK, {"properties": {"title": "t", "status": "New"}})

    assert (await caller.get())["etag"] != before["etag"]


async def test_a_person_completes_a_task(caller: Caller) -> None:
    await caller.call("PUT", TASK, {"properties": {"title": "t", "status": "New"}})

    caller.mock.edit_task(NAME, TASK.rpartition("/")[2], {"status": "Completed"}, by="Kim")

    task = (await caller.call("GET", TASK)).json()["properties"]
    assert (task["title"], task["status"], task["lastModifiedBy"]["name"]) == ("t", "Completed", "Kim")


async def test_a_role_may_lack_tasks_alone(caller: Caller) -> None:
    caller.mock.settings.tasks_writable = False

    refused = await caller.call("PUT", TASK, {"properties": {"title": "t", "status": "New"}})
    read = await caller.call("GET", f"/{NAME}/tasks")
    commented = await caller.call("PUT", COMMENT, message("x"))

    assert (refused.status_code, read.status_code, commented.status_code) == (403, 200, 201)
    assert "incidents/tasks/write" in refused.json()["error"]["message"]


async def test_an_incident_holds_forty_tasks(caller: Caller) -> None:
    body = {"properties": {"title": "t", "status": "New"}}

    answers = [await caller.call("PUT", f"/{NAME}/tasks/t{n}", body) for n in range(41)]

    assert [answer.status_code for answer in answers] == [201] * 40 + [400]


async def test_tasks_are_unknown_to_the_first_api_version(caller: Caller) -> None:
    answer = await caller.call("GET", f"/{NAME}/tasks", options={"api-version": "2021-10-01"})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "NoRegisteredProviderFound"


async def test_relations_name_the_other_side(caller: Caller) -> None:
    target = "/subscriptions/s/providers/Microsoft.SecurityInsights/bookmarks/b1"
    created = await caller.call("PUT", RELATION, {"properties": {"relatedResourceId": target}})

    assert created.status_code == 201
    assert created.json()["properties"] == {
        "relatedResourceId": target,
        "relatedResourceName": "b1",
        "relatedResourceType": "Microsoft.SecurityInsights/bookmarks",
    }
    assert (await caller.call("PUT", RELATION, {"properties": {}})).status_code == 400


@pytest.mark.parametrize("below", ["comments/c", "tasks/t", "relations/r"])
async def test_children_that_are_not_there(caller: Caller, below: str) -> None:
    missing_child = await caller.call("GET", f"/{NAME}/{below}")
    missing_incident = await caller.call("PUT", f"/other/{below}", message("x"))

    assert (missing_child.status_code, missing_incident.status_code) == (404, 404)
