"""Which answer has which consequence: one table, as data.

The same status means different things: a ServiceNow 403 is a missing role, a business rule or a data policy,
and only the words in the body tell. So the first row whose peer kind, status and words fit decides. The end
of the table catches what nobody foresaw: an unknown 4xx is a refusal of the content, anything else is worth
another try.

Pages: "Microsoft Graph error responses and resource types", "Troubleshoot common Azure deployment errors",
"Microsoft Entra authentication and authorization error codes" (learn.microsoft.com); "REST API HTTP response
codes" (ServiceNow docs).
"""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from connector.errors import (
    AuthError,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    RejectedError,
    TransientError,
)
from connector.http.answer import Answer, BadAnswerError, Complaint


class PeerKind(enum.StrEnum):
    """Whose dialect a peer speaks. ENTRA stands for every OAuth 2.0 token endpoint."""

    GRAPH = "graph"
    ARM = "arm"
    SERVICENOW = "servicenow"
    ENTRA = "entra"


class Consequence(enum.Enum):
    """What an answer leads to; each is an error class in `connector.errors`."""

    TRANSIENT = "wait and try again"
    BAD_ANSWER = "wait, or ask for less"
    AUTH = "pause the target"
    REJECTED = "park the row"
    CONFLICT = "read again"


@dataclass(frozen=True, slots=True)
class Row:
    """A row fits when the kind is listed, the status lies in the range and the words occur; empty fits all.

    A group `field` in `words` becomes the error's `field`. `signature` names the refusal for those who count
    or catch it.
    """

    consequence: Consequence
    kinds: tuple[PeerKind, ...] = ()
    low: int = 0
    high: int = 999
    words: re.Pattern[str] | None = None
    remedy: str = ""
    signature: str = ""


def _row(
    consequence: Consequence,
    kinds: Iterable[PeerKind],
    status: int | tuple[int, int],
    words: str = "",
    remedy: str = "",
    signature: str = "",
) -> Row:
    low, high = status if isinstance(status, tuple) else (status, status)
    pattern = re.compile(words, re.IGNORECASE) if words else None
    return Row(consequence, tuple(kinds), low, high, pattern, remedy, signature)


_GRAPH, _ARM, _SNOW, _ENTRA = (PeerKind.GRAPH,), (PeerKind.ARM,), (PeerKind.SERVICENOW,), (PeerKind.ENTRA,)
_ANY: tuple[PeerKind, ...] = ()
_TRANSIENT, _BAD_ANSWER = Consequence.TRANSIENT, Consequence.BAD_ANSWER
_AUTH, _REJECTED, _CONFLICT = Consequence.AUTH, Consequence.REJECTED, Consequence.CONFLICT
_ERROR = (400, 599)

_ENTRA_ROWS = (
    _row(_TRANSIENT, _ENTRA, _ERROR, r"AADSTS(90033|50196|90024|90005)\b", "Entra asks to try later"),
    _row(_AUTH, _ENTRA, (400, 403), r"AADSTS7000222\b", "the client secret has expired; create a new one"),
    _row(
        _AUTH, _ENTRA, (400, 403), r"AADSTS7000215\b", "the client secret is wrong; use its value, not its id"
    ),
    _row(_AUTH, _ENTRA, (400, 403), r"AADSTS(700016|7000218)\b", "check client_id and tenant_id"),
    _row(
        _AUTH, _ENTRA, (400, 403), r"AADSTS(90002|900023)\b", "no such tenant; check tenant_id and authority"
    ),
    _row(
        _AUTH, _ENTRA, (400, 403), r"AADSTS(70011|1002012|500011|650057|28000)\b", "check scope and base_url"
    ),
    _row(
        _AUTH, _ENTRA, (400, 403), r"AADSTS530\d\d\b", "a conditional access policy refuses this application"
    ),
    _row(_AUTH, _ENTRA, (400, 403), r"AADSTS7000112\b", "enable the application in Entra"),
    _row(
        _AUTH,
        _ENTRA,
        (400, 403),
        remedy="check client_id, client_secret and the address of the token endpoint",
    ),
    _row(_AUTH, _ENTRA, 404, remedy="check the address of the token endpoint (authority, token_url)"),
)
_GRAPH_ROWS = (
    _row(_AUTH, _GRAPH, 401, remedy="check auth: the token was refused"),
    _row(_AUTH, _GRAPH, 403, r"insufficient_claims", "a conditional access policy refuses this application"),
    _row(
        _AUTH,
        _GRAPH,
        403,
        r"audience",
        "the token is for another service; check base_url and the auth's scope",
    ),
    _row(
        _AUTH,
        _GRAPH,
        403,
        remedy="grant the application SecurityIncident.Read.All, and have an administrator consent",
    ),
)
_ARM_ROWS = (
    _row(
        _AUTH,
        _ARM,
        401,
        remedy="check auth: the token was refused; in another cloud check base_url and scope",
    ),
    _row(_REJECTED, _ARM, 403, r"RequestDisallowedByPolicy", "an Azure policy forbids it", "azure_policy"),
    _row(_AUTH, _ARM, 403, r"ReadOnlyDisabledSubscription", "the subscription is disabled"),
    _row(
        _AUTH,
        _ARM,
        403,
        r"Authorization|InvalidAuthenticationToken|Forbidden|audience|does not have",
        "give the application the role Microsoft Sentinel Responder on the workspace's resource group",
    ),
    _row(
        _AUTH,
        _ARM,
        404,
        r"(Subscription|ResourceGroup)NotFound|InvalidSubscriptionId",
        "check subscription and resource group",
    ),
    _row(
        _AUTH,
        _ARM,
        409,
        r"MissingSubscriptionRegistration",
        "register the resource provider Microsoft.SecurityInsights in the subscription",
    ),
    _row(_CONFLICT, _ARM, 409),
    _row(_CONFLICT, _ARM, 412),
)
_SNOW_ROWS = (
    _row(_CONFLICT, _SNOW, _ERROR, r"unique key violation|duplicate (entry|key)", signature="unique_key"),
    _row(
        _TRANSIENT, _SNOW, _ERROR, r"transaction cancel", "the instance cancelled the transaction; it is busy"
    ),
    _row(
        _AUTH,
        _SNOW,
        401,
        remedy="check auth; the account must be active and may need 'Web service access only'",
    ),
    _row(_REJECTED, _SNOW, 403, r"aborted by business rule", "see the named business rule", "business_rule"),
    _row(
        _REJECTED,
        _SNOW,
        403,
        r"data policy exception.*?(?:mandatory|read.?only)\W*(?P<field>[^:]*)$",
        "set the named fields in the mapping (these are labels, not field names)",
        "data_policy",
    ),
    _row(_REJECTED, _SNOW, 403, r"data policy", "see the data policies of the table", "data_policy"),
    _row(
        _AUTH,
        _SNOW,
        403,
        r"insufficient rights to (query|read)",
        "give the account a role that may read this table over REST",
    ),
    _row(
        _REJECTED,
        _SNOW,
        403,
        r"security constraints|acl exception|insufficient rights",
        "an access rule forbids writing this record; check the account's roles",
        "write_acl",
    ),
    _row(
        _REJECTED,
        _SNOW,
        400,
        r"invalid table",
        "check the table; its plug-in may be missing",
        "invalid_table",
    ),
    _row(
        _REJECTED,
        _SNOW,
        400,
        r"does not represent any resource",
        "check base_url and the table",
        "no_resource",
    ),
)
_COMMON_ROWS = (
    _row(_AUTH, _ANY, 407, remedy="the proxy wants credentials; set proxy_auth"),
    _row(_AUTH, _ANY, 401, remedy="check auth"),
    _row(_TRANSIENT, _ANY, (300, 399), remedy="redirects are not followed; check base_url and proxy"),
    _row(_REJECTED, _ANY, 404, signature="not_found"),
    _row(_TRANSIENT, _ANY, 408),
    _row(_CONFLICT, _GRAPH, 409),
    _row(_CONFLICT, _GRAPH, 412),
    _row(_TRANSIENT, _ANY, 425),
    _row(_TRANSIENT, _ANY, 429, remedy="the far side throttles"),
    _row(_REJECTED, _ANY, (400, 499)),
    _row(_TRANSIENT, _ANY, 503),
    _row(_BAD_ANSWER, _ANY, (500, 599)),
    _row(_TRANSIENT, _ANY, (0, 999), remedy="this answer was not foreseen; check base_url and proxy"),
)
TABLE: tuple[Row, ...] = (*_ENTRA_ROWS, *_GRAPH_ROWS, *_ARM_ROWS, *_SNOW_ROWS, *_COMMON_ROWS)

# What differs from record to record in a refusal: quoted texts, ids, numbers.
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\b[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b|\d+", re.IGNORECASE)
_NAMES = {
    PeerKind.GRAPH: "Microsoft Graph",
    PeerKind.ARM: "Azure Resource Manager",
    PeerKind.SERVICENOW: "ServiceNow",
    PeerKind.ENTRA: "the token endpoint",
}


def error_for(kind: PeerKind, answer: Answer, operation: str) -> ConnectorError:
    """The error that an unsuccessful answer means; `operation` says what was tried, e.g. `list incidents`."""
    complaint = answer.complaint()
    row, field = _fitting(kind, answer.status, str(complaint))
    message = f"{operation}: {_NAMES[kind]} answered {answer.status}{_said(complaint)}{_support(answer)}"
    match row.consequence:
        case Consequence.TRANSIENT:
            return TransientError(message, retry_after=answer.retry_after(), remedy=row.remedy)
        case Consequence.BAD_ANSWER:
            wait = answer.retry_after()
            return BadAnswerError(message, status=answer.status, retry_after=wait, remedy=row.remedy)
        case Consequence.AUTH:
            refused = ForbiddenError if answer.status == 403 else AuthError
            return refused(message, remedy=row.remedy)
        case Consequence.CONFLICT:
            return ConflictError(message, remedy=row.remedy)
        case Consequence.REJECTED:
            signature = row.signature or _signature(answer.status, complaint)
            return RejectedError(message, field=field, signature=signature, remedy=row.remedy)


def _fitting(kind: PeerKind, status: int, text: str) -> tuple[Row, str]:
    for row in TABLE:
        if not row.low <= status <= row.high or (row.kinds and kind not in row.kinds):
            continue
        match = row.words.search(text) if row.words else None
        if row.words is None or match:
            return row, (match.groupdict().get("field") or "").strip() if match else ""
    raise AssertionError("the last row of the table fits everything")


def _said(complaint: Complaint) -> str:
    text = str(complaint)
    return f" ({text})" if text else ""


def _support(answer: Answer) -> str:
    return f" [request {answer.request_id}]" if answer.request_id else ""


def _signature(status: int, complaint: Complaint) -> str:
    return f"{status} {_PARTICULAR.sub('*', str(complaint))}".strip()
