"""Which mapping each route works with: what is in force now, and everything that ever was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from connector.model import JSON
from connector.store.tables import activations
from connector.store.tx import Fetched, Tx


@dataclass(frozen=True, slots=True)
class Activation:
    """A mapping put into force on a route, the `n`th of it; `until` says when it ended, None that it has not.

    `sources` are name and text of its file and of the bases, `vars` what the route gave it: enough to compile it again.
    `canary` is the percentage of incidents that it is tried on, None for all. `vcs` is the revision of the work tree
    that the file lay in. `revoked`: an operator took it back, or it failed its trial.
    """

    route: str
    n: int
    hash: str
    name: str
    sources: Sequence[tuple[str, str]] = field(repr=False)
    vars: Mapping[str, JSON] = field(repr=False)
    author: str
    reason: str
    vcs: str
    how: str
    at: datetime
    until: datetime | None = None
    canary: int | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in force on a route: a mapping for all incidents, and perhaps one that is tried on some of them."""

    whole: Activation | None = None
    trial: Activation | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What is in force on a route, by hash; `percent` of the incidents get `trial`."""

    whole: str = ""
    trial: str = ""
    percent: int = 0


_IN_FORCE = (
    select(activations).where(activations.c.until.is_(None)).order_by(activations.c.route, activations.c.n)
)
_HEADS = _IN_FORCE.with_only_columns(activations.c.route, activations.c.hash, activations.c.canary)


def heads(tx: Tx) -> dict[str, Head]:
    """What is in force on each route that has anything in force, told in few words: it is asked for all the time."""
    found: dict[str, Head] = {}
    for route, mapping, canary in tx.connection.execute(_HEADS):
        head = found.get(route, Head())
        found[route] = (
            Head(head.whole, mapping, canary) if canary else Head(mapping, head.trial, head.percent)
        )
    return found


def standing(tx: Tx, route: str) -> Standing:
    """What is in force on a route."""
    rows = [_activation(row) for row in tx.connection.execute(_IN_FORCE.where(activations.c.route == route))]
    whole = next((each for each in rows if each.canary is None), None)
    return Standing(whole, next((each for each in rows if each.canary is not None), None))


def history(tx: Tx, route: str | None = None) -> list[Activation]:
    """Everything that was ever in force, on one route or all, oldest first."""
    query = select(activations).order_by(activations.c.route, activations.c.n)
    chosen = query if route is None else query.where(activations.c.route == route)
    return [_activation(row) for row in tx.connection.execute(chosen)]


def last_with(tx: Tx, route: str, mapping_hash: str) -> Activation | None:
    """The last time that a mapping was put into force on a route."""
    query = select(activations).where(activations.c.route == route, activations.c.hash == mapping_hash)
    row = tx.connection.execute(query.order_by(activations.c.n.desc()).limit(1)).one_or_none()
    return _activation(row) if row else None


def add(tx: Tx, new: Activation) -> None:
    """Put a mapping into force; what it takes the place of must have been ended."""
    values: dict[str, Any] = {name: getattr(new, name) for name in activations.columns.keys()}  # noqa: SIM118  # no dictionary: it yields columns
    tx.connection.execute(insert(activations), {**values, "sources": [list(each) for each in new.sources]})


def end(tx: Tx, route: str, numbers: Sequence[int]) -> None:
    """Activations are not in force any more."""
    _change(tx, route, numbers, until=tx.now)


def revoke(tx: Tx, route: str, numbers: Sequence[int]) -> None:
    """Activations were taken back."""
    _change(tx, route, numbers, revoked=True)


def _change(tx: Tx, route: str, numbers: Sequence[int], **values: Any) -> None:
    meant = (activations.c.route == route) & activations.c.n.in_(list(numbers))
    tx.connection.execute(update(activations).where(meant).values(**values))


def _activation(row: Fetched) -> Activation:
    values = dict(row._mapping)  # noqa: SLF001  # the library's own name for a row as a mapping
    sources = tuple((name, text) for name, text in values.pop("sources"))
    return Activation(**values, sources=sources)
