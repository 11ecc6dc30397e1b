"""The middleware around the mocks: each fault, the request log, ids, and rules that are refused."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connector.mocks.faults import FaultRuleError, Faults
from connector.mocks.guard import guarded, kind_of
from connector.mocks.kernel import Clock, Heard, RequestLog


class Bench:
    """A guarded app that counts how often it was reached."""

    def __init__(self, mock: str = "xdr") -> None:
        self.handled = 0
        self.clock = Clock(datetime(2026, 1, 5, 8, tzinfo=UTC))
        self.log = RequestLog()
        self.faults = Faults()
        app = Starlette(routes=[Route("/{rest:path}", self._handle, methods=["GET", "POST", "PATCH"])])
        self.app = guarded(app, mock=mock, clock=self.clock, log=self.log, faults=self.faults)
        transport = httpx.ASGITransport(self.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://mock.test")

    def fault(self, fault: dict[str, Any], **rule: Any) -> None:
        self.faults.add({"mock": "xdr", "fault": fault, **rule})

    async def _handle(self, request: Request) -> Response:
        self.handled += 1
        return JSONResponse({"heard": (await request.body()).decode()}, headers={"x-own": "1"})


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("fault", "status", "media", "body", "handled"),
    [
        ({"kind": "status", "status": 503}, 503, "application/json", b"serviceNotAvailable", 0),
        ({"kind": "status", "status": 500, "body": "down"}, 500, "text/plain", b"down", 0),
        ({"kind": "status", "status": 400, "body": {"a": 1}}, 400, "application/json", b'{"a": 1}', 0),
        ({"kind": "throttle"}, 429, "application/json", b"TooManyRequests", 0),
        ({"kind": "html"}, 200, "text/html", b"<html>", 0),
        ({"kind": "html", "body": "<p>", "status": 502}, 502, "text/html", b"<p>", 0),
        ({"kind": "malformed"}, 200, "application/json", b'{"value"', 0),
        ({"kind": "empty"}, 200, "application/json", b"", 0),
        ({"kind": "partial"}, 206, "application/json", b"heard", 1),
        ({"kind": "slow", "seconds": 0.001}, 200, "application/json", b"heard", 1),
        ({"kind": "late", "seconds": 0.001}, 200, "application/json", b"heard", 1),
    ],
    ids=str,
)
async def test_faults_that_answer(
    bench: Bench, fault: dict[str, Any], status: int, media: str, body: bytes, handled: int
) -> None:
    bench.fault(fault)

    answer = await bench.http.post("/x", content=b"hello")

    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith(media)
    assert body in answer.content
    assert bench.handled == handled
    assert next(bench.log.entries()).fault == fault["kind"]


@pytest.mark.parametrize(("kind", "handled"), [("cut_before", 0), ("cut_after", 1)])
async def test_cut_connections_leave_no_answer(bench: Bench, kind: str, handled: int) -> None:
    bench.fault({"kind": kind})

    with pytest.raises(httpx.RemoteProtocolError):
        await bench.http.patch("/x", json={"a": 1})

    entry = next(bench.log.entries())
    assert (entry.status, entry.response_body, entry.kind) == (None, None, "write")
    assert bench.handled == handled


@pytest.mark.parametrize("fault", [{"kind": "throttle", "retry_after": 7}, {"kind": "status", "status": 503}])
async def test_the_wait_is_named_when_given(bench: Bench, fault: dict[str, Any]) -> None:
    bench.fault(fault)

    answer = await bench.http.get("/x")

    assert answer.headers.get("Retry-After") == ("7" if "retry_after" in fault else None)


@pytest.mark.parametrize(
    ("rule", "statuses"),
    [
        ({}, [429] * 4),
        ({"times": 2}, [429, 429, 200, 200]),
        ({"after": 1, "times": 1}, [200, 429, 200, 200]),
        ({"method": "post"}, [200, 200, 429, 429]),
        ({"path_regex": "/b$"}, [200, 429, 200, 200]),
        ({"path_regex": r"\$expand=alerts"}, [200, 200, 200, 429]),
        ({"operation": "write"}, [200, 200, 429, 429]),
        ({"mock": "sentinel"}, [200] * 4),
    ],
    ids=str,
)
async def test_which_requests_a_rule_hits(bench: Bench, rule: dict[str, Any], statuses: list[int]) -> None:
    bench.fault({"kind": "throttle"}, **rule)

    requests = [("GET", "/a"), ("GET", "/b"), ("POST", "/c"), ("POST", "/d?%24expand=alerts")]
    answers = [await bench.http.request(method, path) for method, path in requests]

    assert [answer.status_code for answer in answers] == statuses


async def test_rules_show_what_they_did_and_can_be_removed(bench: Bench) -> None:
    bench.fault({"kind": "throttle"}, times=1)
    await bench.http.get("/a")
    await bench.http.get("/a")

    rule = bench.faults.rules()[0]
    assert (rule["seen"], rule["hits"], rule["fault"]["kind"]) == (2, 1, "throttle")
    bench.faults.clear()
    assert bench.faults.rules() == []


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"mock": "nobody", "fault": {"kind": "slow"}}, "'mock' is one of"),
        ({"mock": "xdr"}, "'fault' is an object"),
        ({"mock": "xdr", "fault": {"kind": "explode"}}, "'fault.kind' is one of"),
        ({"mock": "xdr", "fault": {"kind": "status"}}, "'fault.status'"),
        ({"mock": "xdr", "fault": {"kind": "slow", "second": 1}}, "a fault has no 'second'"),
        ({"mock": "xdr", "path": "/x", "fault": {"kind": "slow"}}, "a rule has no 'path'"),
        ({"mock": "xdr", "times": -1, "fault": {"kind": "slow"}}, "'times' is a number"),
        ({"mock": "xdr", "times": True, "fault": {"kind": "slow"}}, "'times' is a number"),
        ({"mock": "xdr", "operation": "think", "fault": {"kind": "slow"}}, "'operation' is one of"),
        ({"mock": "xdr", "path_regex": "(", "fault": {"kind": "slow"}}, "'path_regex' is not"),
    ],
    ids=str,
)
def test_bad_rules_are_refused(rule: dict[str, Any], message: str) -> None:
    faults = Faults()

    with pytest.raises(FaultRuleError, match=message):
        faults.add(rule)
    assert faults.rules() == []


async def test_the_log_holds_what_was_asked_and_answered(bench: Bench) -> None:
    await bench.http.get("/a?x=1", headers={"client-request-id": "mine"})
    await bench.http.post("/b", json={"n": 1})
    first, second = bench.log.entries()

    assert first.as_json() == {
        "seq": 1,
        "at": "2026-01-05T08:00:00+00:00",
        "mock": "xdr",
        "method": "GET",
        "path": "/a",
        "query": "x=1",
        "status": 200,
        "kind": "read",
        "fault": None,
        "client_request_id": "mine",
        "request": None,
        "response": {"heard": ""},
    }
    assert second.request_body == {"n": 1}
    assert [entry.seq for entry in bench.log.entries(writes_only=True)] == [2]
    assert [entry.seq for entry in bench.log.entries(since=1)] == [2]
    assert list(bench.log.entries(mock="entra")) == []
    assert bench.log.counts() == {"xdr": {"read": 1, "write": 1}}
    bench.log.clear()
    assert (list(bench.log.entries()), bench.log.counts()) == ([], {})


async def test_token_requests_are_logged_without_their_secrets() -> None:
    bench = Bench("entra")
    await bench.http.post("/tenant/oauth2/v2.0/token", data={"client_secret": "open sesame"})
    entry = next(bench.log.entries())

    assert (entry.kind, entry.status, entry.request_body, entry.response_body) == ("token", 200, None, None)


async def test_answers_carry_request_ids(bench: Bench) -> None:
    answer = await bench.http.get("/a", headers={"Client-Request-Id": "mine"})
    other = await bench.http.get("/a")

    assert answer.headers["client-request-id"] == "mine"
    assert answer.headers["request-id"] != other.headers["request-id"]
    assert "client-request-id" not in other.headers


def test_the_log_forgets_old_entries_and_large_bodies() -> None:
    log = RequestLog(capacity=3, body_limit=100, body_budget=10)
    heard = Heard(0, datetime(2026, 1, 5, tzinfo=UTC), "xdr", "GET", "/", "", 200, None, None, "read")
    for _ in range(5):
        log.record(heard, b"1234", b"12")

    entries = list(log.entries())
    assert [entry.seq for entry in entries] == [3, 4, 5]
    assert [entry.request_body for entry in entries] == [None, None, 1234]
    assert log.counts() == {"xdr": {"read": 5}}


@pytest.mark.parametrize(
    ("mock", "method", "path", "kind"),
    [
        ("xdr", "GET", "/v1.0/security/incidents", "read"),
        ("xdr", "PATCH", "/v1.0/security/incidents/1", "write"),
        ("sentinel", "PUT", "/x/incidents/1", "write"),
        ("sentinel", "DELETE", "/x/incidents/1", "write"),
        ("sentinel", "POST", "/x/incidents/1/alerts", "read"),
        ("sentinel", "POST", "/x/incidents/1/entities", "read"),
        ("servicenow", "POST", "/api/now/table/incident", "write"),
        ("servicenow", "POST", "/oauth_token.do", "token"),
        ("entra", "POST", "/t/oauth2/v2.0/token", "token"),
        ("entra", "GET", "/t/v2.0/.well-known/openid-configuration", "read"),
    ],
)
def test_kinds_of_request(mock: str, method: str, path: str, kind: str) -> None:
    assert kind_of(mock, method, path) == kind


def test_the_clock_moves_only_forwards() -> None:
    clock = Clock(datetime(2026, 1, 5, 8, tzinfo=UTC))
    clock.advance(timedelta(hours=1))

    assert clock.now() == datetime(2026, 1, 5, 9, tzinfo=UTC)
    with pytest.raises(ValueError, match="forwards"):
        clock.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="time zone"):
        Clock(datetime(2026, 1, 5, 8))  # noqa: DTZ001 - a naive time is the point
    assert abs(Clock().now() - datetime.now(UTC)) < timedelta(seconds=5)


async def test_latency_delays_every_answer(bench: Bench) -> None:
    asked: list[float] = []

    def latency() -> float:
        asked.append(0.001)
        return asked[-1]

    app = guarded(bench.app, mock="xdr", clock=bench.clock, log=bench.log, faults=Faults(), latency=latency)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mock.test") as http:
        assert json.loads((await http.get("/a")).content) == {"heard": ""}
    assert asked == [0.001]
