"""The table of errors: which answer has which consequence."""

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.errors import (
    AuthError,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    RejectedError,
    TransientError,
)
from connector.http import Answer, BadAnswerError, PeerKind, error_for

GRAPH, ARM, SNOW, ENTRA = PeerKind.GRAPH, PeerKind.ARM, PeerKind.SERVICENOW, PeerKind.ENTRA
SENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
A_DAY = 86_400.0


def answer(status: int, body: Any = None, *, text: str = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, body, text, request_id="req-1", sent_at=SENT)


def vendor(code: str, message: str = "") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def snow(message: str, detail: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "detail": detail}, "status": "failure"}


def entra(code: int) -> dict[str, Any]:
    return {
        "error": "invalid_client",
        "error_description": f"AADSTS{code}: Something.",
        "error_codes": [code],
    }


@pytest.mark.parametrize("kind", list(PeerKind))
def test_every_status_has_a_consequence_and_one_line(kind: PeerKind) -> None:
    for status, body in itertools.product(range(100, 600), (None, vendor("Some\nCode", "x\r\ny"))):
        error = error_for(kind, answer(status, body), "try")
        assert isinstance(error, ConnectorError)
        assert "\n" not in str(error)
        assert str(status) in str(error)
        if status in {408, 425, 429} or status >= 500 or status < 400:
            assert isinstance(error, TransientError), (kind, status)
        elif status in {401, 407}:
            assert isinstance(error, AuthError)
        elif kind is not ENTRA and status not in {403, 404, 409, 412}:
            assert isinstance(error, RejectedError)


@pytest.mark.parametrize(
    ("kind", "status", "body", "expected", "hint"),
    [
        (GRAPH, 401, vendor("InvalidAuthenticationToken"), AuthError, "auth"),
        (
            GRAPH,
            403,
            vendor("Authorization_RequestDenied", "Insufficient privileges"),
            ForbiddenError,
            "consent",
        ),
        (GRAPH, 403, vendor("x", "Invalid audience."), ForbiddenError, "scope"),
        (GRAPH, 404, vendor("ResourceNotFound"), RejectedError, ""),
        (GRAPH, 503, vendor("serviceNotAvailable"), TransientError, ""),
        (ARM, 403, vendor("AuthorizationFailed", "does not have authorization"), ForbiddenError, "Responder"),
        (ARM, 403, vendor("RequestDisallowedByPolicy"), RejectedError, "policy"),
        (ARM, 403, vendor("SomethingNew"), RejectedError, ""),
        (ARM, 404, vendor("ResourceGroupNotFound"), AuthError, "resource group"),
        (ARM, 409, vendor("Conflict", "Newer instance exists"), ConflictError, ""),
        (ARM, 409, vendor("MissingSubscriptionRegistration"), AuthError, "register"),
        (ARM, 412, None, ConflictError, ""),
        (SNOW, 400, snow("Invalid table u_x"), RejectedError, "table"),
        (SNOW, 401, snow("User Not Authenticated"), AuthError, "account"),
        (SNOW, 403, snow("Insufficient rights to query records"), ForbiddenError, "role"),
        (
            SNOW,
            403,
            snow("Operation Failed", "ACL Exception Update Failed due to security constraints"),
            RejectedError,
            "access rule",
        ),
        (
            SNOW,
            403,
            snow("Operation Failed", "was aborted by Business Rule 'X^1'"),
            RejectedError,
            "business rule",
        ),
        (SNOW, 403, snow("Operation Failed", "Data Policy Exception: odd"), RejectedError, "data polic"),
        (SNOW, 500, snow("Unique Key violation detected by database (Duplicate entry)"), ConflictError, ""),
        (SNOW, 400, snow("Transaction cancelled: maximum execution time exceeded"), TransientError, "busy"),
        (ENTRA, 401, entra(7000215), AuthError, "secret is wrong"),
        (ENTRA, 401, entra(7000222), AuthError, "expired"),
        (ENTRA, 400, entra(700016), AuthError, "client_id"),
        (ENTRA, 400, entra(90002), AuthError, "tenant"),
        (ENTRA, 400, entra(1002012), AuthError, "scope"),
        (ENTRA, 400, entra(90033), TransientError, ""),
        (ENTRA, 400, {"error": "invalid_grant"}, AuthError, "client_secret"),
    ],
)
def test_words_decide(
    kind: PeerKind, status: int, body: Any, expected: type[ConnectorError], hint: str
) -> None:
    error = error_for(kind, answer(status, body), "try")
    assert type(error) is expected
    assert hint in error.remedy


def test_a_data_policy_names_the_labels() -> None:
    detail = "Data Policy Exception: The following fields are mandatory: Resolution code, Resolution notes"
    error = error_for(SNOW, answer(403, snow("Operation Failed", detail)), "close")
    assert isinstance(error, RejectedError)
    assert error.field == "Resolution code, Resolution notes"
    assert error.signature == "data_policy"


@pytest.mark.parametrize("kind", [GRAPH, ARM, SNOW])
def test_a_missing_record_can_be_told_by_its_signature(kind: PeerKind) -> None:
    error = error_for(kind, answer(404), "read")
    assert isinstance(error, RejectedError)
    assert error.signature == "not_found"


def test_equal_refusals_of_different_records_have_one_signature() -> None:
    def signature(name: str, number: int) -> str:
        error = error_for(ARM, answer(400, vendor("BadRequest", f"Label '{name}' of incident {number}")), "x")
        assert isinstance(error, RejectedError)
        return error.signature

    assert signature("a", 1) == signature("b", 22)
    other = error_for(ARM, answer(400, vendor("BadRequest", "Title 'a'")), "x")
    assert isinstance(other, RejectedError)
    assert other.signature != signature("a", 1)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry_after": "17"}, 17.0),
        ({"retry_after": "-3"}, 0.0),
        ({"retry_after": "Sun, 01 Mar 2026 12:01:30 GMT"}, 90.0),
        ({"retry_after": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0.0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "86401"}, A_DAY),
        ({"retry_after": "9" * 400}, A_DAY),
        ({"retry_after": "9" * 5_000}, A_DAY),
        ({"retry_after": "Fri, 31 Dec 9999 23:59:59 -2300"}, A_DAY),
        ({"retry_after": "Sat, 01 Jan 0001 00:00:00 +2300"}, 0.0),
        ({"retry_after": "Sun, 01 Mar 99999999999999999999 12:00:00 GMT"}, None),
        ({"x_ratelimit_reset": str(int(SENT.timestamp()) + 240)}, 240.0),
        ({"x_ratelimit_reset": "999999999999"}, A_DAY),
        ({"x_ratelimit_reset": "²"}, None),
        ({}, None),
    ],
)
def test_the_far_sides_wait_is_believed_up_to_a_day(headers: dict[str, str], expected: float | None) -> None:
    error = error_for(SNOW, answer(429, **headers), "try")
    assert isinstance(error, TransientError)
    assert error.retry_after == expected


def test_a_limit_header_on_other_answers_is_no_wait() -> None:
    error = error_for(SNOW, answer(500, x_ratelimit_reset="99999999999"), "try")
    assert isinstance(error, BadAnswerError)
    assert error.retry_after is None


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer not-a-real-token",
        "Basic bm90LWEtcmVhbC1wYXNzd29yZA==",
        "https://host/x?sig=not-a-real-token&se=1",
        '{"client_secret": "not-a-real-token"}',
        "https://user:not-a-real-token@host/",
    ],
)
def test_what_looks_like_a_credential_is_not_repeated(text: str) -> None:
    shown = str(error_for(GRAPH, answer(400, text=text), "try"))
    assert "not-a-real" not in shown
    assert "bm90" not in shown
    assert "[redacted]" in shown


def test_markup_and_length_of_foreign_text_are_bounded() -> None:
    shown = str(error_for(SNOW, answer(502, text="<html><b>Bad\x1b[31m Gateway</b>" + "x" * 9_000), "try"))
    assert "<b>" not in shown
    assert "\x1b" not in shown
    assert len(shown) < 500
