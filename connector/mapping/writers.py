"""What writes fields, and what the rules that do have in common: a condition, an `else`, a place."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from connector.mapping.document import Complaint
from connector.mapping.expr import Run, Scope, constant
from connector.mapping.expressions import compile_expression
from connector.mapping.futile import check_condition
from connector.mapping.report import Report
from connector.mapping.values import Action, Always, Result
from connector.mapping.view import View
from connector.model import Mode
from connector.yamlsource import Path

Results = tuple[Result, ...]
Where = Callable[[View], Path]


@dataclass(frozen=True, slots=True)
class Writer:
    """A rule that writes fields: `run` gives one result for each of `fields`, or raises UndecidedError.

    `where` gives the place of what decides for an incident: a key of a table, a row, `otherwise`, `else`, or the
    condition that does not hold. It is worked out beside `run`, for explanations only, and raises like it.
    """

    rule: str
    fields: tuple[str, ...]
    run: Callable[[View], Results]
    mode: Mode
    path: Path
    where: Where


def condition(when: str | bool | None, scope: Scope) -> Run | None:
    """The closure of a condition; None: always. Raises ExpressionError."""
    if when is None or when is True:
        return None
    compiled = constant(when) if isinstance(when, bool) else compile_expression(when, scope)
    check_condition(compiled, scope.lets)
    return compiled.run


def guarded(
    run: Callable[[View], Results], when: Run | None, otherwise: Callable[[View], Results]
) -> Callable[[View], Results]:
    """`run` where `when` holds, and `otherwise` where it does not."""
    if when is None:
        return run
    return lambda view: run(view) if when(view) else otherwise(view)


def guarded_where(where: Where, when: Run | None, path: Path, *, has_else: bool) -> Where:
    """What decides in a rule at `path` with a condition: `else`, or the condition itself, where it does not hold."""
    if when is None:
        return where
    instead = (*path, "else" if has_else else "when")
    return lambda view: where(view) if when(view) else instead


def always_at(path: Path) -> Where:
    """The place of a rule that says the same of every incident."""
    return lambda view: path  # noqa: ARG005  # a Where takes a view


def applied(actions: Sequence[Action]) -> Callable[[View], Results]:
    """All actions of a rule that looks at no value; worked out beforehand if they are the same for every incident."""
    if all(isinstance(act, Always) for act in actions):
        results = tuple(act.result for act in actions if isinstance(act, Always))
        return lambda view: results  # noqa: ARG005  # it is asked with a view
    if len(actions) == 1:
        (act,) = actions
        return lambda view: (act(view, None),)
    return lambda view: tuple([act(view, None) for act in actions])


class Keyed(Protocol):
    """A rule whose keys may contradict one another."""

    def contradictions(self) -> Iterator[Complaint]:
        """What is wrong, and what to do."""


def check_keys(path: Path, rule: Keyed, report: Report) -> None:
    """Complain about keys of the rule at `path` that contradict one another, unless it has one that nobody knows."""
    if not report.lacks_key(path):
        for what, remedy in rule.contradictions():
            report.add(path, what, remedy)
