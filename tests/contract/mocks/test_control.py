"""The control API: every endpoint's effect on the world."""

from typing import Any

import pytest

from connector.mocks.entra import GRAPH
from tests.contract.mocks.control_desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_the_index_lists_every_endpoint(desk: Desk) -> None:
    endpoints = (await desk.ask("GET", "/"))["endpoints"]

    assert {"POST /clock", "PATCH /incidents/{id}", "DELETE /faults", "GET /log/counts"} <= set(endpoints)


async def test_the_clock_moves_and_takes_journeys_along(desk: Desk) -> None:
    assert (await desk.ask("GET", "/clock"))["now"] == "2026-01-05T08:00:00+00:00"
    await desk.ask("POST", "/clock", {"seconds": 90.5})
    assert (await desk.ask("GET", "/clock"))["now"] == "2026-01-05T08:01:30.500000+00:00"

    await desk.ask("PATCH", "/settings/world", {"auto": True})
    await desk.ask("POST", "/clock", {"seconds": 3600})
    state = (await desk.ask("GET", "/scenario"))["journeys"][0]
    assert state["played"] == ["experts-start", "handed-over"]
    assert state["next"]["step"] == "customer-finishes"


async def test_journeys_advance_on_command(desk: Desk) -> None:
    one = await desk.ask("POST", "/scenario/advance", {"journey": "true-positive-handed-over", "steps": 2})
    rest = await desk.ask("POST", "/scenario/advance", {"all": True})
    none = await desk.ask("POST", "/scenario/advance")

    assert [entry["step"] for entry in one["played"]] == ["experts-start", "handed-over"]
    assert [entry["step"] for entry in rest["played"]] == ["customer-finishes"]
    assert none == {"played": []}


async def test_incidents_are_made_and_changed_as_in_the_portal(desk: Desk) -> None:
    made = await desk.ask("POST", "/incidents", {"displayName": "New", "alerts": [{"title": "A"}]})
    address = f"/incidents/{made['id']}"
    await desk.ask(
        "PATCH", address, {"status": "awaitingAction", "systemTags": ["Defender Experts"], "by": "X"}
    )
    await desk.ask("POST", f"{address}/comments", {"text": "hello", "by": "Y"})
    await desk.ask("POST", f"{address}/alerts", {"title": "B", "severity": "high"})

    seen = await desk.ask("GET", address)
    assert (seen["status"], seen["systemTags"]) == ("awaitingAction", ["Defender Experts"])
    assert [(item["comment"], item["createdByDisplayName"]) for item in seen["comments"]] == [("hello", "Y")]
    assert [alert["title"] for alert in seen["alerts"]] == ["A", "B"]
    served = (await desk.xdr.get(f"/v1.0/security/incidents/{made['id']}")).json()
    assert served["status"] == "unknownFutureValue"
    listed = await desk.ask("GET", "/incidents?limit=1&skip=1")
    assert (listed["total"], [item["id"] for item in listed["incidents"]]) == (2, [made["id"]])


async def test_incidents_can_be_served_broken(desk: Desk) -> None:
    await desk.ask("POST", "/incidents", {"id": "77", "raw": '{"id": "77", "status": 5}'})

    seen = await desk.ask("GET", "/incidents/77")
    assert seen["raw"] == '{"id": "77", "status": 5}'
    assert (await desk.xdr.get("/v1.0/security/incidents/77")).json() == {"id": "77", "status": 5}
    await desk.ask("PATCH", "/incidents/77", {"raw": None, "omit": ["status"], "overrides": {"id": 77}})
    served = (await desk.xdr.get("/v1.0/security/incidents/77")).json()
    assert served["id"] == 77
    assert "status" not in served


async def test_incidents_are_merged(desk: Desk) -> None:
    made = await desk.ask("POST", "/incidents", {})
    kept = await desk.ask("POST", f"/incidents/{made['id']}/merge", {"into": "1"})

    assert kept["id"] == "1"
    assert (await desk.ask("GET", f"/incidents/{made['id']}"))["redirectIncidentId"] == "1"


async def test_a_population_is_made_and_changed(desk: Desk) -> None:
    made = await desk.ask("POST", "/population", {"incidents": 40, "seed": 3})
    changed = await desk.ask("POST", "/population/change", {"seed": 4})

    assert made == {"created": 40, "total": 41}
    assert changed == {"changed": 36}


async def test_records_are_seen_and_edited_as_by_a_person(desk: Desk) -> None:
    row = desk.world.servicenow.create("incident", {"short_description": "x"})
    properties = {"title": "T", "severity": "High", "status": "New"}
    name = desk.world.sentinel.upsert_from_provider("1", properties)

    await desk.ask("PATCH", f"/servicenow/incident/{row['sys_id']}", {"short_description": "y"})
    await desk.ask("PATCH", f"/sentinel/incidents/{name}", {"status": "Active"})
    await desk.ask("POST", f"/sentinel/incidents/{name}/comments", {"text": "seen", "by": "Alex"})

    incidents = (await desk.ask("GET", "/contents/servicenow"))["incident"]
    assert [item["short_description"] for item in incidents] == ["y"]
    sentinel = await desk.ask("GET", "/contents/sentinel")
    assert sentinel["incidents"][0]["properties"]["status"] == "Active"
    assert sentinel["comments"][name][0]["properties"]["message"] == "seen"
    assert len((await desk.ask("GET", "/contents/xdr"))["incidents"]) == 1
    assert (await desk.ask("GET", "/contents/entra"))["live_tokens"] == 1


async def test_faults_are_added_listed_and_removed(desk: Desk) -> None:
    rule = {"mock": "xdr", "times": 1, "fault": {"kind": "throttle", "retry_after": 3}}
    added = await desk.ask("POST", "/faults", rule)
    answers = [(await desk.xdr.get("/v1.0/security/incidents")).status_code for _ in range(2)]

    assert added["fault"] == {"kind": "throttle", "retry_after": 3, "seconds": 1.0}
    assert answers == [429, 200]
    assert (await desk.ask("GET", "/faults"))["faults"][0]["hits"] == 1
    assert await desk.ask("DELETE", "/faults") == {"faults": []}


async def test_the_log_is_read_counted_and_cleared(desk: Desk) -> None:
    await desk.xdr.get("/v1.0/security/incidents?$top=1")
    await desk.xdr.patch("/v1.0/security/incidents/1", json={"assignedTo": "x"})

    log = await desk.ask("GET", "/log?mock=xdr&since=0&limit=1")
    assert (log["total"], len(log["entries"]), log["entries"][0]["query"]) == (2, 1, "$top=1")
    writes = (await desk.ask("GET", "/log?writes=true"))["entries"]
    assert [entry["request"] for entry in writes] == [{"assignedTo": "x"}]
    assert (await desk.ask("GET", "/log/counts"))["counts"] == {"xdr": {"read": 1, "write": 1}}
    await desk.ask("DELETE", "/log")
    assert (await desk.ask("GET", "/log"))["total"] == 0


@pytest.mark.parametrize(
    ("mock", "values"),
    [
        ("xdr", {"rate_limit": 150, "next_link": "skip", "poison_ids": ["1"]}),
        ("xdr", {"rate_limit": None}),
        ("entra", {"token_lifetime": 60, "roles": {GRAPH: ["SecurityIncident.Read.All"]}}),
        ("sentinel", {"role": "reader", "arm_reads_refill": 2}),
        ("servicenow", {"no_write_fields": ["state"], "rate_limit_per_hour": 10}),
        ("world", {"microsoft": True, "xdr_delay": 0.001}),
    ],
)
async def test_switches_are_read_and_changed(desk: Desk, mock: str, values: dict[str, Any]) -> None:
    assert values.keys() <= (await desk.ask("GET", f"/settings/{mock}")).keys()

    changed = await desk.ask("PATCH", f"/settings/{mock}", values)

    assert values.items() <= changed.items()
    assert values.items() <= (await desk.ask("GET", f"/settings/{mock}")).items()


async def test_a_changed_switch_takes_effect(desk: Desk) -> None:
    await desk.ask("PATCH", "/settings/entra", {"roles": {GRAPH: ["SecurityIncident.Read.All"]}})

    assert (await desk.xdr.get("/v1.0/security/incidents")).status_code == 200
    assert (await desk.xdr.patch("/v1.0/security/incidents/1", json={})).status_code == 403


async def test_tokens_expire_on_command(desk: Desk) -> None:
    assert await desk.ask("POST", "/tokens/expire") == {"expired": 1}
    assert (await desk.xdr.get("/v1.0/security/incidents")).status_code == 401


async def test_microsofts_connector_runs_when_it_is_on(desk: Desk) -> None:
    assert "is off" in (await desk.refused("POST", "/microsoft/tick", {}))["error"]
    await desk.ask("PATCH", "/settings/world", {"microsoft": True})
    await desk.ask("POST", "/clock", {"seconds": 601})
    await desk.ask("POST", "/microsoft/tick")

    incidents = (await desk.ask("GET", "/contents/sentinel"))["incidents"]
    assert [item["properties"]["providerIncidentId"] for item in incidents] == ["1"]


async def test_a_reset_begins_anew(desk: Desk) -> None:
    await desk.ask("POST", "/faults", {"mock": "xdr", "fault": {"kind": "throttle"}})
    desk.world.servicenow.create("incident", {"short_description": "x"})

    state = await desk.ask("POST", "/reset", {"incidents": 5, "seed": 9, "scenario": "all"})

    assert state["incidents"] == 5 + 7
    assert len(state["scenario"]["journeys"]) == 6
    assert (await desk.ask("GET", "/faults"))["faults"] == []
    assert (await desk.ask("GET", "/contents/servicenow"))["incident"] == []
    assert (await desk.ask("POST", "/reset"))["incidents"] == 0


async def test_no_secret_is_shown(desk: Desk) -> None:
    secrets = (desk.world.settings.client_secret, desk.world.settings.password)
    paths = ["/contents/entra", "/contents/servicenow", "/settings/servicenow", "/settings/entra", "/log"]

    texts = [(await desk.http.get(path)).text for path in paths]

    assert not [text for text in texts for secret in secrets if secret in text]
