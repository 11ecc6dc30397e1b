"""The table of tasks of a ServiceNow instance, looked at before the first task: reads only.

What a task table lacks shows on no record: the ticket is made, and its tasks are refused one by one or hang in the air.
Whether the account may create there can only be guessed from its roles, and only for tables that come with roles.

Sources: ServiceNow docs, "Table API", "Incident tasks", "Response tasks" (Security Incident Response), "User roles".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connector.errors import AuthError, RejectedError
from connector.model import Finding
from connector.model.finding import ok, problem, warning
from connector.targets.servicenow.calls import Calls, hidden
from connector.targets.servicenow.dialect import TaskTable
from connector.targets.servicenow.referring import refers_wrongly
from connector.targets.servicenow.row import KEY
from connector.targets.servicenow.structure import Ancestry, Column
from connector.targets.servicenow.tasks import TEXTS, key_length


def fields_of_tasks(table: TaskTable) -> tuple[str, ...]:
    """The fields of a task that we write."""
    return (*TEXTS, KEY, *table.parents)


@dataclass(frozen=True, slots=True)
class TaskInspection:
    """One look at the table of tasks. `roles` are the account's, empty where they could not be read."""

    table: TaskTable
    calls: Calls
    roles: frozenset[str]

    async def findings(self, columns: Mapping[str, Column] | None, ancestry: Ancestry) -> list[Finding]:
        """What there is to say of it; `columns` is None where the dictionary could not be read."""
        refused = await self._refused()
        if refused is not None:
            return [refused]
        wrong = list(self._fields(columns, ancestry)) if columns is not None else []
        return [*wrong, *self._creation(right=columns is not None and not wrong)]

    async def _refused(self) -> Finding | None:
        """Why the table is of no use to the account."""
        name = self.table.name
        may_read = f"let the account read and create in {name}, or let tasks be notes"
        try:
            count = hidden(await self.calls.first_page())
        except RejectedError as error:
            remedy = "correct `tasks`, or install the plugin that brings the table"
            return problem(f"table {name}", error.message, remedy)
        except AuthError as error:
            return problem(f"table {name}", error.message, may_read)
        if count:
            return problem(
                f"table {name}", f"has {count} records, and the account sees none of them", may_read
            )
        return None

    def _creation(self, *, right: bool) -> Iterator[Finding]:
        subject, writers = f"table {self.table.name}", self.table.writers
        fields = " and has the fields that a task needs" if right else ""
        if self.roles and writers and not self.roles & writers:
            what = "none of the account's roles is known to create tasks there"
            yield warning(subject, what, f"give it one of {', '.join(sorted(writers))}, or one of your own")
        elif self.roles & writers:
            names = ", ".join(sorted(self.roles & writers))
            yield ok(subject, f"can be read{fields}; tasks are created with the role {names}")
        else:
            yield ok(
                subject, f"can be read{fields}; whether the account may create there, the first task tells"
            )

    def _fields(self, columns: Mapping[str, Column], ancestry: Ancestry) -> Iterator[Finding]:
        table = self.table
        for name in fields_of_tasks(table):
            subject, column = f"field {table.name}.{name}", columns.get(name)
            choose = "name another table under `tasks`"
            if name in table.parents:
                choose = f"name under `task_parent` a field that refers to {table.of}"
            if column is None:
                yield problem(subject, "does not exist, and a task needs it", f"add it, or {choose}")
            elif column.read_only:
                yield problem(subject, "is read-only, and a task needs it", f"let it be written, or {choose}")
            elif name in table.parents and refers_wrongly(column, table.of, ancestry):
                what = f"refers to {column.reference}, and tasks are of records of {table.of}"
                yield problem(subject, what, choose)
            elif name == KEY and 0 < column.length < key_length(table):
                what = f"holds {column.length} characters, and the key of a task has {key_length(table)}"
                yield problem(subject, what, "make it longer: a key that is cut is never found again")
