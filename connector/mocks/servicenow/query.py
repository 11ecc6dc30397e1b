"""The encoded query language, as text turned into structure; nothing is looked up here.

`^` is AND, `^OR` belongs to the condition just before it, `^NQ` starts another query that is OR-ed with all
before. What cannot be read is remembered as malformed and otherwise ignored, which is the platform's most
expensive habit: a misspelt condition is no condition. There is no escape for `^`.
Source: ServiceNow docs, pages "Operators available for filters and queries" and "Table API".
"""

import re
from dataclasses import dataclass, field

from connector.mocks.servicenow.replies import RefusedError

OPERATORS = (
    "=", "!=", "<", "<=", ">", ">=", "STARTSWITH", "ENDSWITH", "%", "LIKE", "*", "CONTAINS", "NOT LIKE",
    "!*", "DOES NOT CONTAIN", "IN", "NOT IN", "ISEMPTY", "ISNOTEMPTY", "EMPTYSTRING", "ANYTHING", "BETWEEN",
    "SAMEAS", "NSAMEAS", "ON", "NOTON", "RELATIVEGT", "RELATIVEGE", "RELATIVELT", "RELATIVELE", "GT_FIELD",
    "LT_FIELD", "GT_OR_EQUALS_FIELD", "LT_OR_EQUALS_FIELD", "INSTANCEOF",
)  # fmt: skip

FULL_TEXT = "123TEXTQUERY321"
_UNSERVED = re.compile(r"(JOIN|RLQUERY)|[a-z0-9_.]+(DATEPART|DYNAMIC)")
_LONGEST_FIRST = "|".join(re.escape(name) for name in sorted(OPERATORS, key=len, reverse=True))
_TERM = re.compile(rf"({FULL_TEXT}|[a-z0-9_]+(?:\.[a-z0-9_]+)*)({_LONGEST_FIRST})(.*)", re.DOTALL)


@dataclass(frozen=True)
class Term:
    """One comparison: `field` may be dotted, `value` is as written."""

    field: str
    operator: str
    value: str


Clause = list[Term]
"""Terms that are OR-ed."""
Group = list[Clause]
"""Clauses that are AND-ed."""


@dataclass
class Query:
    """Groups that are OR-ed; `order` holds (field, descending); `malformed` holds what was not understood."""

    groups: list[Group] = field(default_factory=lambda: [[]])
    order: list[tuple[str, bool]] = field(default_factory=list)
    malformed: list[str] = field(default_factory=list)


def parsed(text: str) -> Query:
    """Read an encoded query; raise RefusedError for an operator that exists but is not served here."""
    query = Query()
    for token in text.split("^"):
        _read(token, query)
    return query


def _read(token: str, query: Query) -> None:
    if token.startswith("ORDERBYDESC"):
        query.order.append((token.removeprefix("ORDERBYDESC"), True))
    elif token.startswith("ORDERBY"):
        query.order.append((token.removeprefix("ORDERBY"), False))
    elif token.startswith("NQ"):
        query.groups.append([])
        _add(token.removeprefix("NQ"), query, either=False)
    elif token.startswith("OR"):
        _add(token.removeprefix("OR"), query, either=True)
    elif token not in {"", "EQ"}:  # EQ ends a query and means nothing
        _add(token, query, either=False)


def _add(text: str, query: Query, *, either: bool) -> None:
    if _UNSERVED.match(text):
        raise RefusedError(400, "Not served by this mock", f"query operator in {text!r}")
    group = query.groups[-1]
    if not (either and group):
        group.append([])
    match = _TERM.fullmatch(text)
    if match:
        group[-1].append(Term(*match.groups()))
    else:
        query.malformed.append(text)
