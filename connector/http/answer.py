"""An answer as the rest of the program sees it: status, headers, parsed JSON, what a support case needs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from connector.errors import TransientError
from connector.model import JSON
from connector.telemetry import escape, redact

_TAG = re.compile(r"<[^>]*>")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_EXCERPT = 300
# A wait is added to the time of day and slept through: nobody means more than a day, whatever the header holds.
_LONGEST_WAIT = 86_400


class BadAnswerError(TransientError):
    """The far side was reached, but gave nothing usable: a 5xx, an unreadable body, no answer in time.

    A smaller question may be answered, which is why a source tells this apart from a far side that is away or
    throttles. `status` is the HTTP status; 0 when no answer came in time.
    """

    def __init__(
        self, message: str, *, status: int = 0, retry_after: float | None = None, remedy: str = ""
    ) -> None:
        super().__init__(message, retry_after=retry_after, remedy=remedy)
        self.status = status


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error body says, whichever of the vendors' shapes it has."""

    code: str = ""
    message: str = ""

    def __str__(self) -> str:
        parts = [part for part in (self.code, self.message) if part]
        return ": ".join(parts)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer answered.

    The names in `headers` are in lower case. `data` is the parsed JSON body, None where there was
    none. Texts in it are exactly what was sent, lone surrogates and U+0000 included. `text` is the body of an
    error answer, for its explanation. `request_id` is the far side's id of the request, or ours where it
    names none. `elapsed` is in seconds.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    data: JSON = field(default=None, repr=False)
    text: str = field(default="", repr=False)
    request_id: str = ""
    sent_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    elapsed: float = 0.0

    def complaint(self) -> Complaint:
        """Code and message of an error body: Graph, ARM, Entra, ServiceNow, or text that is none of these."""
        if isinstance(self.data, dict):
            return _from_json(self.data)
        return Complaint(message=_readable(_TAG.sub(" ", self.text)))

    def retry_after(self) -> float | None:
        """Seconds to wait by `Retry-After` (number or date) or `X-RateLimit-Reset`; None without them.

        At most a day, and None for what is neither a number nor a date.
        """
        named = self.headers.get("retry-after", "").strip()
        if named:
            return _seconds(named, self._received())
        reset = self.headers.get("x-ratelimit-reset", "").strip()
        if self.status == 429 and reset.isdecimal() and len(reset) <= 12:
            return _bounded(int(reset) - self._received().timestamp())
        return None

    def _received(self) -> datetime:
        return self.sent_at + timedelta(seconds=self.elapsed)


def _seconds(text: str, received: datetime) -> float | None:
    if _NUMBER.fullmatch(text):
        return _bounded(float(text))  # a fraction is against the standard, and sent nevertheless
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _bounded((moment - received).total_seconds())


def _bounded(seconds: float) -> float:
    return float(min(max(seconds, 0), _LONGEST_WAIT))


def _from_json(body: dict[str, Any]) -> Complaint:
    error = body.get("error", body.get("Error"))
    if isinstance(error, dict):
        code = _text(error.get("code"))
        # ServiceNow's `message` is a headline and `detail` the reason; the others have only `message`.
        said = [_text(error.get("message")), _text(error.get("detail"))]
        return Complaint(_readable(code), _readable(": ".join(part for part in said if part)))
    return Complaint(
        _readable(_text(error)), _readable(_text(body.get("error_description") or body.get("message")))
    )


def _text(value: object) -> str:
    try:
        return "" if value is None else str(value)
    except RecursionError:  # nested as deep as the stack
        return ""


def _readable(text: str) -> str:
    """One line of at most 300 characters without credentials or control characters."""
    text = escape(redact(" ".join(text[:4_000].split())))
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"
