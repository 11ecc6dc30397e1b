"""Faults on demand, described as data: which requests go wrong, how often, and in which way.

A rule is plain data because tests, the control API and demonstrations all state faults the same way;
nothing here touches a connection. `guard.py` carries a fault out.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args
from urllib.parse import unquote

from connector.mocks.kernel import Kind

FaultKind = Literal[
    "status",
    "throttle",
    "slow",
    "late",
    "cut_before",
    "cut_after",
    "html",
    "malformed",
    "empty",
    "partial",
]
MOCKS = ("xdr", "entra", "sentinel", "servicenow")
_RULE_KEYS = {"mock", "method", "path_regex", "operation", "times", "after", "fault"}
_FAULT_KEYS = {"kind", "status", "retry_after", "body", "seconds"}


class FaultRuleError(ValueError):
    """A fault rule that cannot be understood; the text names the member and the remedy."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong: `seconds` belongs to slow and late, `retry_after` (seconds) to status and throttle."""

    kind: FaultKind
    status: int | None = None
    retry_after: int | None = None
    body: Any = None
    seconds: float = 1.0


@dataclass
class FaultRule:
    """Which requests a fault hits: after the first `after` that match, `times` of them (None: all)."""

    mock: str
    fault: Fault
    method: str | None = None
    path_regex: str | None = None
    operation: Kind | None = None
    times: int | None = None
    after: int = 0
    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)

    def hit(self, mock: str, method: str, target: str, kind: Kind) -> bool:
        """Tell whether this request is hit, and count it."""
        if mock != self.mock or self.method not in (None, method) or self.operation not in (None, kind):
            return False
        if self.path_regex is not None and not re.search(self.path_regex, target):
            return False
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.hits >= self.times):
            return False
        self.hits += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """Return the rule as it was given, with how often it matched and fired."""
        rule = asdict(self)
        rule["fault"] = {name: value for name, value in rule["fault"].items() if value is not None}
        return rule


class Faults:
    """The rules in force; of several that match, the first decides."""

    def __init__(self) -> None:
        self._rules: list[FaultRule] = []

    def add(self, rule: Mapping[str, Any]) -> FaultRule:
        """Add a rule given as data; raise FaultRuleError when it is not understood."""
        parsed = parse_rule(rule)
        self._rules.append(parsed)
        return parsed

    def rules(self) -> list[dict[str, Any]]:
        """Return all rules as data, with their counters."""
        return [rule.as_json() for rule in self._rules]

    def clear(self) -> None:
        """Remove all rules."""
        self._rules.clear()

    def match(self, mock: str, method: str, path: str, query: str, kind: Kind) -> Fault | None:
        """Return the fault for this request, if any; `path_regex` sees the decoded path and query."""
        if not self._rules:
            return None
        target = unquote(f"{path}?{query}" if query else path)
        for rule in self._rules:
            if rule.hit(mock, method, target, kind):
                return rule.fault
        return None


def parse_rule(data: Mapping[str, Any]) -> FaultRule:
    """Return the rule that `data` describes; raise FaultRuleError otherwise."""
    _refuse_unknown(data, _RULE_KEYS, "rule")
    if data.get("mock") not in MOCKS:
        raise FaultRuleError(f"'mock' is one of {', '.join(MOCKS)}")
    fault = data.get("fault")
    if not isinstance(fault, Mapping):
        raise FaultRuleError("'fault' is an object with a 'kind'")
    if data.get("operation") not in (None, *get_args(Kind)):
        raise FaultRuleError(f"'operation' is one of {', '.join(get_args(Kind))}")
    _check_numbers(data, ("times", "after"))
    _check_regex(data.get("path_regex"))
    method = data.get("method")
    return FaultRule(
        mock=data["mock"],
        fault=_parse_fault(fault),
        method=str(method).upper() if method is not None else None,
        path_regex=data.get("path_regex"),
        operation=data.get("operation"),
        times=data.get("times"),
        after=data.get("after") or 0,
    )


def _parse_fault(data: Mapping[str, Any]) -> Fault:
    _refuse_unknown(data, _FAULT_KEYS, "fault")
    if data.get("kind") not in get_args(FaultKind):
        raise FaultRuleError(f"'fault.kind' is one of {', '.join(get_args(FaultKind))}")
    _check_numbers(data, ("status", "retry_after", "seconds"))
    if data["kind"] == "status" and not 100 <= (data.get("status") or 0) <= 599:
        raise FaultRuleError("'fault.status' is an HTTP status for the kind 'status'")
    return Fault(**{name: value for name, value in data.items() if value is not None})


def _refuse_unknown(data: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(set(data) - known)
    if unknown:
        raise FaultRuleError(f"a {what} has no {unknown[0]!r}; it has {', '.join(sorted(known))}")


def _check_numbers(data: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        value = data.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise FaultRuleError(f"{name!r} is a number that is not negative")


def _check_regex(pattern: object) -> None:
    if pattern is None:
        return
    try:
        re.compile(str(pattern))
    except re.error as error:
        raise FaultRuleError(f"'path_regex' is not a regular expression: {error}") from error
