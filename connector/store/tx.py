"""One transaction, as the verbs see it, and how they ask about many incidents at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, func, select

from connector.audit import AuditEntry
from connector.model import IncidentKey
from connector.store.among import among

T = TypeVar("T")
Fetched = Row[*tuple[Any, ...]]

_CHUNK = 400  # keys in one statement: far below either engine's limit on parameters


@dataclass(slots=True)
class Tx:
    """A transaction in progress. `now` was read once, when it began; `holder` names this process.

    Valid only inside the function handed to `Store.read` or `Store.write`, on that function's thread.
    """

    connection: Connection
    now: datetime
    holder: str
    writable: bool
    entries: list[AuditEntry] = field(default_factory=list)

    def audit(self, *entries: AuditEntry) -> None:
        """Append to the audit: the rows are sealed and written when the transaction ends, in this order."""
        if not self.writable:
            raise RuntimeError("a reading transaction cannot append to the audit")
        self.entries.extend(entries)

    @property
    def on_sqlite(self) -> bool:
        """Whether the state is an SQLite file, where a writing transaction is alone by itself."""
        return self.connection.dialect.name == "sqlite"

    def alone(self, name: str) -> None:
        """Wait until no other transaction is `alone` under this name; holds to the end of the transaction."""
        if not self.on_sqlite:
            self.connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def about(table: Table) -> ColumnElement[bool]:
    """The condition that a row is about one of the incidents that `for_incidents` asks for."""
    return (table.c.tenant == bindparam("of_tenant")) & among(table.c.incident, "incidents")


def for_incidents(
    tx: Tx, query: Select[*tuple[Any, ...]], keys: Sequence[IncidentKey], **parameters: Any
) -> Iterator[Fetched]:
    """Run a query with the condition `about`: once for each tenant, which a page has one of."""
    for incidents in by_tenant(keys):
        yield from tx.connection.execute(query, {**incidents, **parameters}).all()


def by_tenant(keys: Iterable[IncidentKey]) -> Iterator[dict[str, Any]]:
    """The parameters of the condition `about` for each tenant's incidents."""
    incidents: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        incidents[key.tenant].append(key.incident)
    for tenant, numbers in incidents.items():
        yield {"of_tenant": tenant, "incidents": numbers}


def one_incident(key: IncidentKey) -> dict[str, Any]:
    """The parameters of a statement with the condition `about`, for one incident."""
    return {"of_tenant": key.tenant, "incidents": [key.incident]}


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in portions that one statement can carry."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
