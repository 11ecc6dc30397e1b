"""`retry` and `discard` as operators meet them.

The commands go by the machine's clock and the mocks do not, so the states are written by hand.
"""

import asyncio
import io
import json
import re
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.app import open_store
from connector.cli.exits import Exit
from connector.model import IncidentKey
from connector.store import Tx, claims, receipts, undelivered, wanted
from connector.store.undelivered import Picked
from tests.support.commandline import Done, command_line
from tests.support.inprocess import BEGINNING, Lab, lab
from tests.support.states import wanted_row

SENTINEL, SERVICENOW = "contoso-sentinel", "contoso-servicenow"
Call = Callable[..., Done]


@pytest.fixture
def made(tmp_path: Path) -> Lab:
    return lab(tmp_path)


def fill(of: Lab, work: Callable[[Tx], Any]) -> None:
    async def filling() -> None:
        async with of.process() as app:
            await app.store.write(work)

    asyncio.run(filling())


def rows_of(of: Lab) -> list[wanted.Wanted]:
    async def reading() -> list[undelivered.Undelivered]:
        store = await open_store(of.config, readonly=True)
        try:
            return await store.read(lambda tx: undelivered.find(tx, Picked()))
        finally:
            await store.close()

    return [each.row for each in asyncio.run(reading()) if each.row]


def park(tx: Tx, *rows: wanted.Wanted, reason: str = "refused") -> None:
    """Rows that were given up."""
    wanted.put(tx, rows)
    for target in {row.target for row in rows}:
        for claimed in claims.claim(tx, target, len(rows), timedelta(minutes=1), lambda: "token"):
            receipts.park(tx, claimed, reason)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, made: Lab) -> Call:
    who = ("--as", "kim", "--reason", "mended", "--config", str(made.config.path))
    return lambda *arguments: command_line(monkeypatch, [*arguments, *who])


def parked(number: int, route: str = SERVICENOW, tenant: str = "tenant-a") -> wanted.Wanted:
    target = route.removeprefix("contoso-")
    return wanted_row(number, route, target=target, key=IncidentKey(tenant, str(number)), due=BEGINNING)


@pytest.mark.parametrize(
    ("options", "left_parked"),
    [
        (["1"], "23"),
        (["--target", "sentinel"], "12"),
        (["--route", SERVICENOW], "3"),
        (["2", "--target", "sentinel"], "123"),
        (["--all"], ""),
    ],
    ids=" ".join,
)
def test_retry_takes_what_is_named(call: Call, made: Lab, options: Sequence[str], left_parked: str) -> None:
    fill(made, lambda tx: park(tx, parked(1), parked(2), parked(3, SENTINEL)))
    done = call("retry", *options, "--json")
    assert (done.code, done.err) == (Exit.OK, "")
    assert {each["incident"] for each in json.loads(done.out)["retried"]} == set("123") - set(left_parked)
    assert {row.key.incident for row in rows_of(made) if row.parked} == set(left_parked)


@pytest.mark.parametrize(
    ("answer", "code", "rows"), [("", Exit.WAITING, 1), ("n\n", Exit.WAITING, 1), ("y\n", Exit.OK, 0)]
)
def test_discard_says_what_it_would_take_and_asks(
    call: Call, made: Lab, monkeypatch: pytest.MonkeyPatch, answer: str, code: Exit, rows: int
) -> None:
    fill(made, lambda tx: park(tx, parked(1), reason="no \x1b[31m group"))
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    done = call("discard", "1")
    assert (done.code, len(rows_of(made))) == (code, rows)
    assert "incident 1 on contoso-servicenow: the row (no" in done.err
    assert ("nothing was discarded" in done.err) == bool(rows)
    assert "\x1b" not in done.err + done.out


def test_discard_without_a_question(call: Call, made: Lab) -> None:
    fill(made, lambda tx: park(tx, parked(1), parked(2, "gone-route")))
    assert call("discard", "1", "--yes").code == Exit.OK
    done = call("discard", "--route", "gone-route", "--yes", "--json")
    assert [each["incident"] for each in json.loads(done.out)["discarded"]] == ["2"]
    assert rows_of(made) == []
    assert "nothing fits" in call("discard", "1", "--yes").out


@pytest.mark.parametrize("command", ["retry", "discard"])
def test_one_number_in_two_tenants_has_to_be_narrowed_down(call: Call, made: Lab, command: str) -> None:
    fill(made, lambda tx: park(tx, parked(1), parked(1, SENTINEL, tenant="tenant-b")))
    yes = ["--yes"] if command == "discard" else []
    done = call(command, "1", *yes)
    assert done.code == Exit.USAGE
    assert f"{SENTINEL}, {SERVICENOW}" in done.err
    assert len([row for row in rows_of(made) if row.parked]) == 2
    assert call(command, "1", "--route", SENTINEL, *yes).code == Exit.OK
    assert [row.route for row in rows_of(made) if row.parked] == [SERVICENOW]


@pytest.mark.parametrize(
    "arguments",
    [
        ["retry"],
        ["retry", "1", "--all"],
        ["retry", "--route", "nowhere"],
        ["retry", "--target", "nowhere"],
        ["retry", "1", "--reason", " "],
        ["discard", "--yes"],
    ],
    ids=" ".join,
)
def test_bad_usage(made: Lab, monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str]) -> None:
    fill(made, lambda tx: park(tx, parked(1)))
    who = ["--as", "kim", "--reason", "mended", "--config", str(made.config.path)]
    done = command_line(monkeypatch, [arguments[0], *who, *arguments[1:]])
    assert done.code == Exit.USAGE
    assert done.err.strip()
    assert [row.parked for row in rows_of(made)] == ["refused"]


def delay(tx: Tx, *rows: wanted.Wanted) -> None:
    """Rows whose target is away, as each request to it was told in its own words."""
    wanted.put(tx, rows)
    for target in {row.target for row in rows}:
        for claimed in claims.claim(tx, target, len(rows), timedelta(minutes=1), lambda: "token"):
            reason = f"update the record: 503 [request {claimed.wanted.id}]"
            receipts.delay(tx, claimed, tx.now + timedelta(days=1), reason, keep_token=False)


def test_status_tells_equal_failures_once(made: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(made, lambda tx: delay(tx, *(parked(number) for number in range(1, 31))))
    fill(made, lambda tx: park(tx, parked(31), parked(32), parked(33, SENTINEL), reason="no such group"))
    done = command_line(monkeypatch, ["status", "--config", str(made.config.path)])
    told = re.findall(r"(delayed|parked): (.*?) on (\S+?), ([\w ]*?) since", " ".join(done.out.split()))
    assert sorted(told) == [
        ("delayed", "30 incidents (1, 10, 11, 12, 13 and 25 more)", SERVICENOW, "the oldest waiting"),
        ("parked", "2 incidents (31, 32)", SERVICENOW, "the oldest waiting"),
        ("parked", "incident 33", SENTINEL, "waiting"),
    ]
    assert done.out.count("503") == 1
    assert "[request" not in done.out


def test_status_shows_what_is_left_of_a_route_that_is_gone_until_it_is_discarded(
    call: Call, made: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(made, lambda tx: wanted.put(tx, [parked(1, "gone-route")]))
    look = ["status", "--config", str(made.config.path)]
    done = command_line(monkeypatch, look)
    assert done.code == Exit.WAITING
    assert "route gone-route is not configured any more: 1 rows and 0 parked notes are left" in done.out
    shown = json.loads(command_line(monkeypatch, [*look, "--json"]).out)
    assert shown["not_configured"] == [{"route": "gone-route", "rows": 1, "parked_notes": 0}]
    call("discard", "--route", "gone-route", "--yes")
    assert command_line(monkeypatch, look).code == Exit.OK
