"""Log lines: what is said, how often, and that no text from outside can forge a line or show a secret."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from connector.model import Event, EventKind
from connector.telemetry import escape, null, redact
from connector.telemetry.log import Style, logging_telemetry

POLLED, POLL_FAILED = EventKind.POLLED, EventKind.POLL_FAILED
HOSTILE = "x\n2026-01-01T00:00:00Z [error] forged \x1b[31m\r\x9b\u2028\u202e\x00"


@pytest.fixture(autouse=True)
def _root_logger_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(events: list[Event], level: Any = "info") -> list[dict[str, Any]]:
    stream = io.StringIO()
    telemetry = logging_telemetry(level, "json", stream)
    for event in events:
        telemetry(event)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_with_what_it_says() -> None:
    (line,) = lines([Event(EventKind.PARKED, "sentinel", route="r", incident="t/1", reason="refused")])
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "parked",
        "level": "warning",
        "subject": "sentinel",
        "route": "r",
        "incident": "t/1",
        "reason": "refused",
    }


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_kind_of_event_can_be_logged(kind: EventKind) -> None:
    assert lines([Event(kind, "x")], "debug")[-1]["event"] == str(kind)


def test_polls_without_news_are_not_worth_a_line() -> None:
    assert [line["count"] for line in lines([Event(POLLED, "s"), Event(POLLED, "s", count=2)])] == [2]


def test_going_away_and_coming_back_are_said_once() -> None:
    failed = Event(POLL_FAILED, "contoso", reason="no connection")
    other = Event(POLL_FAILED, "fabrikam", reason="no connection")
    said = lines([failed, failed, other, failed, Event(POLLED, "contoso"), Event(POLLED, "contoso"), failed])
    assert [(line["event"], line["subject"]) for line in said] == [
        ("poll_failed", "contoso"),
        ("poll_failed", "fabrikam"),
        ("back", "contoso"),
        ("poll_failed", "contoso"),
    ]
    assert said[2]["failures"] == 3


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_text_makes_a_second_line_or_a_terminal_sequence(style: Style) -> None:
    stream = io.StringIO()
    telemetry = logging_telemetry("info", style, stream)
    telemetry(Event(EventKind.UNEXPECTED, HOSTILE, reason=HOSTILE))
    logging.getLogger("some.library").error("%s", HOSTILE)
    written = stream.getvalue()
    assert written.count("\n") == 2
    assert not set(written) & set("\x1b\r\x9b\u2028\u202e\x00")


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_line_of_a_traceback_looks_like_a_log_line(style: Style) -> None:
    stream = io.StringIO()
    logging_telemetry("info", style, stream)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logging.getLogger("some.library").exception("failed")
    first, *rest = stream.getvalue().splitlines()
    assert "failed" in first
    assert bool(rest) == (style == "console")
    assert all(line.startswith("    | ") for line in rest)


@pytest.mark.parametrize("style", ["json", "console"])
def test_credentials_are_not_logged(style: Style) -> None:
    stream = io.StringIO()
    telemetry = logging_telemetry("info", style, stream)
    telemetry(Event(EventKind.PAUSED, "s", reason="Authorization: Bearer not-a-real-token"))
    logging.getLogger("some.library").warning("client_secret=not-a-real-token")
    try:
        raise ValueError("https://user:not-a-real-token@host/")
    except ValueError:
        logging.getLogger("some.library").exception("failed")
    assert "not-a-real-token" not in stream.getvalue()


def test_the_http_library_does_not_log_addresses() -> None:
    stream = io.StringIO()
    logging_telemetry("debug", "json", stream)
    logging.getLogger("httpx").info("HTTP Request: GET https://host/x?q=personal")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text, token ring", "plain text, token ring"),
        ("a basic problem", "a basic problem"),
        ("access_token=abc&x=1", "access_token=[redacted]&x=1"),
        ("eyJhbGciOi.eyJzdWIi.c2ln", "[redacted]"),
        ("http://u:p@host/", "http://[redacted]@host/"),
        ("x-auth-token: abc", "x-auth-token: [redacted]"),
        ("mapping maps/soc.passwd:12:3 is not valid", "mapping maps/soc.passwd:12:3 is not valid"),
        ("/run/secrets/token: cannot be read", "/run/secrets/token: cannot be read"),
        ("/run/secrets/token: password=abc", "/run/secrets/token: password=[redacted]"),
        ("https://host/x?a=/b&token=abc", "https://host/x?a=/b&token=[redacted]"),
        ("https://host/x?token: abc", "https://host/x?token: [redacted]"),
        ('{"path": "/x", "secret": "abc"}', '{"path": "/x", "secret": "[redacted]"}'),
    ],
)
def test_redaction(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_escaping_leaves_ordinary_text_alone() -> None:
    assert escape("Größe 🙂 \t") == "Größe 🙂 \\x09"


def test_null_says_nothing() -> None:
    null(Event(POLLED))
