"""What the customer's instance has of what the mappings want: asked before the first ticket, reads only.

A wrong field is dropped by the instance with success, a wrong choice is stored as it is, and a group that does not
exist leaves a ticket without one: none of it shows until somebody misses it. So each is looked up here, in one request
for each system table. An account without rights to such a table gets an empty list; then nothing is claimed.

Sources: ServiceNow docs, "System dictionary", "Choice lists", "User roles", "Table API".
"""

from collections.abc import Iterator, Mapping, Sequence

from connector.errors import AuthError
from connector.model import Finding, Lookup, Writing
from connector.model.finding import ok, problem, warning
from connector.targets.servicenow.calls import Calls
from connector.targets.servicenow.columns import check_fields
from connector.targets.servicenow.dialect import Dialect
from connector.targets.servicenow.dictionary import Dictionary
from connector.targets.servicenow.references import References
from connector.targets.servicenow.row import KEY, Row
from connector.targets.servicenow.structure import Column, Table
from connector.targets.servicenow.tags import NOTE
from connector.targets.servicenow.tasktable import TaskInspection, fields_of_tasks

_KEY_LENGTH, _TOKEN_LENGTH = 64, 64
_UTC = frozenset({"", "GMT", "UTC", "Etc/UTC", "Etc/GMT"})


class Inspection:
    """One look at an instance, for the mappings that write to one of its tables."""

    def __init__(
        self, calls: Calls, dialect: Dialect, references: References, writings: Sequence[Writing]
    ) -> None:
        self.calls = calls
        self.dialect = dialect
        self.references = references
        self.writings = writings
        self.dictionary = Dictionary(calls)
        self._held: frozenset[str] = frozenset()  # the roles of the account, as far as they can be read

    async def findings(self) -> list[Finding]:
        """Everything found, in the order in which a person would look."""
        return [
            *await self._account(),
            *await self._journal(),
            *await self._structure(),
            *await self._tasks(),
            *await self._referred(),
        ]

    async def _account(self) -> list[Finding]:
        users = await self.dictionary.rows(
            "sys_user", "sys_id=javascript:gs.getUserID()", ("user_name", "time_zone"), 2
        )
        if not users or len(users) > 1:
            remedy = "let the account read its own row in sys_user"
            return [
                warning("account", "who the account is cannot be read, nor its roles and time zone", remedy)
            ]
        zone = users[0].text("time_zone") or await self._default_zone()
        return [*await self._roles(users[0]), _zone(zone)]

    async def _roles(self, user: Row) -> list[Finding]:
        query = f"user={user.sys_id}"
        rows = await self.dictionary.rows("sys_user_has_role", query, ("user", "role.name"), 500) or ()
        own = (
            row for row in rows if row.text("user") in {"", user.sys_id}
        )  # an ignored condition shows anybody's
        self._held = roles = frozenset(row.text("role.name") for row in own) - {""}
        name, writers = user.text("user_name"), self.dialect.kind.writers
        if not roles:
            remedy = "the first write tells; or let the account read its roles in sys_user_has_role"
            return [warning("account", f"the roles of {name} cannot be read", remedy)]
        if roles & writers:
            return [ok("account", f"{name}, with the role {', '.join(sorted(roles & writers))}")]
        what = (
            f"none of the roles of {name} is known to write {self.dialect.table}: {', '.join(sorted(roles))}"
        )
        return [warning("account", what, f"give it one of {', '.join(sorted(writers))}, or one of your own")]

    async def _default_zone(self) -> str:
        rows = await self.dictionary.rows("sys_properties", "name=glide.sys.default.tz", ("name", "value"), 2)
        return next(
            (row.text("value") for row in rows or () if row.text("name") == "glide.sys.default.tz"), ""
        )

    async def _journal(self) -> list[Finding]:
        if not any(writing.notes for writing in self.writings):
            return []
        if await self.dictionary.rows("sys_journal_field", "", ("element",), 1) is not None:
            return [ok("journal", "can be read, so that a note whose answer was lost is looked for")]
        what = (
            "sys_journal_field cannot be read: a note whose answer was lost is recognised by its token alone"
        )
        return [
            warning("journal", what, f"let the account write {self.dialect.token_field}, or read the journal")
        ]

    async def _structure(self) -> list[Finding]:
        """Tables, columns and choices."""
        own, dictionary = self.dialect.table, self.dictionary
        tables = {own, *(table for table, _ in self._places())}
        tables |= {self.dialect.tasks.name} if self.dialect.tasks else set()
        await dictionary.learn_tables(tables)
        await dictionary.learn_columns(tables, self._elements())
        if closed := self._closed():
            remedy = f"let the account read {closed}, at least for this check"
            return [warning("fields", f"{closed} cannot be read, so no field was checked", remedy)]
        columns = dictionary.columns[own]
        await dictionary.learn_tables(self._referred_to(columns))
        written = {name for each in self.writings for name in each.values}
        table = Table(columns, await dictionary.choices(own, written), dictionary.ancestry)
        return [
            *self._own_fields(columns),
            *check_fields(self.dialect, self.writings, table),
            *self._looked_up(dictionary.columns),
        ]

    async def _tasks(self) -> list[Finding]:
        """The table in which tasks are made."""
        table, dictionary = self.dialect.tasks, self.dictionary
        if table is None:
            return []
        columns = None if self._closed() else dictionary.columns[table.name]
        parents = [columns[name].reference for name in table.parents if columns and name in columns]
        await dictionary.learn_tables({name for name in parents if name not in {"", table.of}})
        calls = Calls(self.calls.peer, table.name, self.calls.ids)
        return await TaskInspection(table, calls, self._held).findings(columns, dictionary.ancestry)

    def _closed(self) -> str:
        """The system table that could not be read; our table itself extends another one, `task` at least."""
        own, dictionary = self.dialect.table, self.dictionary
        if len(dictionary.ancestry.of(own)) < 2:
            return "sys_db_object"
        return "" if dictionary.columns[own] else "sys_dictionary"

    def _places(self) -> set[tuple[str, tuple[str, ...]]]:
        """The tables in which things are looked up, with the columns."""
        return {place for each in self.writings for places in each.lookups.values() for place in places}

    def _referred_to(self, columns: Mapping[str, Column]) -> set[str]:
        """The tables that fields refer to which are looked up in another one: they may be akin."""
        return {
            columns[name].reference
            for each in self.writings
            for name, places in each.lookups.items()
            if name in columns and any(table != columns[name].reference for table, _ in places)
        } - {""}

    def _elements(self) -> set[str]:
        written = {name for each in self.writings for name in each.values}
        columns = {column for _, by in self._places() for column in by}
        into = {each.tags_into for each in self.writings} - {"", NOTE}
        of_tasks = fields_of_tasks(self.dialect.tasks) if self.dialect.tasks else ()
        ours = (KEY, self.dialect.token_field, self.dialect.note_field)
        return {*written, *columns, *into, *of_tasks, *ours}

    def _own_fields(self, columns: Mapping[str, Column]) -> Iterator[Finding]:
        """The fields that hold our key and our token, and the one that takes notes."""
        token = self.dialect.token_field
        needed = ((KEY, "its key", _KEY_LENGTH), (token, "the delivery's token", _TOKEN_LENGTH))
        for name, what, length in (*needed, (self.dialect.note_field, "notes", 0)):
            column = columns.get(name)
            if column is None or column.read_only:
                how = "is read-only" if column else "does not exist"
                remedy = f"a record must keep {what}; let it be written, or choose another field"
                yield problem(f"field {name}", how, remedy)
            elif column.is_text and 0 < column.length < length:
                remedy = f"make it at least {length} characters long, as it is on a new instance"
                yield problem(
                    f"field {name}", f"holds {column.length} characters, and {what} is longer", remedy
                )

    def _looked_up(self, columns: Mapping[str, Mapping[str, Column]]) -> Iterator[Finding]:
        """The tables and columns in which names are looked up."""
        for table, by in sorted(self._places()):
            missing = [name for name in by if name not in columns[table]]
            if not missing:
                yield ok(f"table {table}", f"has {' and '.join(by)}, by which rows are looked up")
            elif len(missing) == len(by):
                what = f"has no {' or '.join(missing)}, or does not exist: nothing is ever found there"
                yield problem(f"table {table}", what, "name its columns under `by` in the look-up")
            else:
                remedy = "take it out of `by`: the instance ignores it, and returns rows of all sorts"
                yield problem(f"table {table}", f"has no {' or '.join(missing)}", remedy)

    async def _referred(self) -> list[Finding]:
        """Users, groups and other rows that stand in a mapping by name."""
        named = sorted(
            {
                each
                for writing in self.writings
                for values in writing.values.values()
                for each in values
                if isinstance(each, Lookup)
            },
            key=lambda each: (each.table, each.value),
        )
        try:
            await self.references.learn(self.calls, named)
        except AuthError as error:
            return [problem("names", error.message, error.remedy)]
        findings = []
        for each in named:
            reason = self.references.resolve({"name": each}).left.get("name", "")
            subject = f"{each.table} {each.value}"
            if reason:
                findings.append(problem(subject, reason, "correct the name, or add the row to the instance"))
            else:
                findings.append(ok(subject, "is there, once"))
        return findings


def _zone(name: str) -> Finding:
    if name in _UTC:
        return ok("time zone", "of the account is GMT")
    what = f"of the account is {name}: lists and reports show its times in that zone"
    return warning("time zone", what, "set the account's time zone to GMT")
