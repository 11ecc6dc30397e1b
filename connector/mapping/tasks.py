"""Rules for tasks: something to do, asked for once for each item of a list, or once for an incident.

A task belongs to the moment at which its rule first holds, not to the one at which its item came to be: a device may
be known for days before somebody has to isolate it. So a task is fresh when the previous revision did not call for
it, and what that revision called for already is history, which only `backfill` asks for again. Where a mapping is
asked again because a record of the incident came into being, the moment is that one; which of the records is the new
one is not known, so none of them counts as there before. A task asked for twice is recognised by its key.

A condition that cannot be decided asks for nothing. Title and text are for people, as a note is: they print a word
that the vendor added later as it came.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connector.mapping.appended import MARK_ROOM, Noter, identities_of, list_named
from connector.mapping.document import TaskRule
from connector.mapping.expr import Expr, Run, Scope
from connector.mapping.expressions import compile_template
from connector.mapping.report import Report
from connector.mapping.text import cut, show
from connector.mapping.view import UndecidedError, View
from connector.mapping.writers import condition
from connector.model import Catalogue, Note

# Stands for the item where a rule has none; no digest of an item is this word.
_ONCE = "once"


def compile_task(
    rule: TaskRule, index: int, scope: Scope, report: Report, catalogue: Catalogue
) -> Noter | None:
    """The compiled task rule; None after a complaint."""
    path = ("tasks", index)
    before = len(report.wrong)
    each, inner = list_named(rule.each, (*path, "each"), scope, report)
    title = report.attempt((*path, "title"), compile_template, rule.title, inner)
    text = report.attempt((*path, "text"), compile_template, rule.text, inner)
    when = report.attempt((*path, "when"), condition, rule.when, inner)
    if title is None or text is None or report.fell_since(before, path):
        return None
    asker = _Asker(rule, title.run, text.run, when, each, catalogue)
    reads = title.reads | text.reads | (each.reads if each is not None else frozenset())
    return Noter(f"tasks.{rule.name}", asker.tasks, path, reads)


@dataclass(frozen=True, slots=True)
class _Asker:
    """Makes the tasks of one rule."""

    rule: TaskRule
    title: Run
    text: Run
    when: Run | None
    each: Expr | None
    catalogue: Catalogue

    def tasks(self, view: View) -> Iterator[Note]:
        """A task for each item for which the rule holds; one for which it held before is not fresh."""
        earlier = view.earlier()
        before = set() if earlier is None else self._called_for(earlier)
        for identity, item in self._items(view):
            view.item = item
            if self.when is None or self.when(view):
                task = self._task(view, identity, fresh=identity not in before)
                if task.title:
                    yield task

    def _called_for(self, view: View) -> set[str]:
        """The items for which the rule holds in a view; where that cannot be decided, it does not."""
        found: set[str] = set()
        for identity, item in self._items(view):
            view.item = item
            if self._holds(view):
                found.add(identity)
        return found

    def _holds(self, view: View) -> bool:
        try:
            return self.when is None or bool(self.when(view))
        except UndecidedError:
            return False

    def _items(self, view: View) -> Iterator[tuple[str, Any]]:
        if self.each is None:
            yield _ONCE, None
            return
        items = self.each.run(view)
        for identity, item in zip(identities_of(items), items, strict=True):
            if identity is not None:
                yield identity, item

    def _task(self, view: View, item: str, *, fresh: bool) -> Note:
        title = self._fitted(view, " ".join(show(self.title(view)).split()), self.catalogue.task_title_limit)
        text = self._fitted(view, show(self.text(view)), self.catalogue.task_text_limit - MARK_ROOM)
        rule = self.rule
        return Note(rule.name, item, text, fresh=fresh, backfill=rule.backfill, title=title)

    def _fitted(self, view: View, text: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        view.cut.append(f"tasks.{self.rule.name}")
        return cut(text, limit)
