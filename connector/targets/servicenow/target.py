"""The ServiceNow target: one delivery is one POST or one PATCH, notes included.

A batch of new incidents costs one look-up, a plain update none. Notes cannot be written twice without harm
and journals are often unreadable, so the write that carries a note leaves the delivery's token in a field:
after a lost answer the token tells whether the note arrived. What comes back is compared with what was sent,
because an instance drops what it does not accept with success.
"""

from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress

from connector.errors import AuthError, RejectedError
from connector.http import BadAnswerError, Peer
from connector.model import Catalogue, Delivery, FieldValue, Finding, Quota, Receipt, Seen, Writing
from connector.targets.servicenow.attempt import Attempt, due_of, is_due, needs_look
from connector.targets.servicenow.calls import Calls, hidden
from connector.targets.servicenow.dialect import Dialect
from connector.targets.servicenow.inspection import Inspection
from connector.targets.servicenow.keys import KeyWatch
from connector.targets.servicenow.outcome import receipt
from connector.targets.servicenow.records import Records, check_queryable
from connector.targets.servicenow.references import References
from connector.targets.servicenow.rehearsal import seen
from connector.targets.servicenow.tasks import TaskMaker, parted
from connector.targets.writing import check_key, fields_at_creation

WRITES = "writes"


class ServiceNowTarget:
    """Records of one table of one instance."""

    def __init__(
        self,
        name: str,
        *,
        peer: Peer,
        dialect: Dialect,
        references: References,
        quotas: Mapping[str, Quota],
    ) -> None:
        self._name = name
        self._peer = peer
        self._dialect = dialect
        self._references = references
        self._records = Records(dialect.token_field)
        self._keys = KeyWatch(dialect)
        self._quotas = quotas

    @property
    def name(self) -> str:
        """The name given in the configuration."""
        return self._name

    @property
    def catalogue(self) -> Catalogue:
        """What a record can hold."""
        return self._dialect.kind.catalogue

    @property
    def quotas(self) -> Mapping[str, Quota]:
        """The limits by class of operation."""
        return self._quotas

    @property
    def creates(self) -> bool:
        """Every record here is made by us."""
        return True

    def cost(self, delivery: Delivery) -> Mapping[str, int]:
        """One write, or none when nothing changes, and one for each task that is a record."""
        link = delivery.link
        plain, tasks = parted(delivery, self._dialect.tasks)
        due = link is None or is_due(due_of(plain, link, self._dialect))
        return {WRITES: due + len(tasks)} if due or tasks else {}

    async def open(self, *, first_use: bool) -> None:  # noqa: ARG002  # the protocol's; alike at every start
        """Ask the table once, so that a wrong address, table or role pauses the target and parks no row.

        Raises AuthError when a person has to act; a page where the API should be counts as that.
        """
        try:
            await self.probe()
        except BadAnswerError as error:
            if not 200 <= error.status < 300:
                raise
            raise AuthError(error.message, remedy=error.remedy or "check base_url") from error

    async def prepare(self, deliveries: Sequence[Delivery]) -> None:
        """Look up keys, records and people for all deliveries, in one request for each kind."""
        calls = self._calls()
        deliveries = [parted(delivery, self._dialect.tasks)[0] for delivery in deliveries]
        unlinked = [one for one in deliveries if one.link is None]
        dues = [due_of(one, one.link, self._dialect) for one in deliveries if one.link is not None]
        looks = [due.delivery for due in dues if needs_look(due, self._dialect)]
        fields: list[Mapping[str, FieldValue]] = [due.fields for due in dues]
        fields += (fields_at_creation(one, self._dialect.kind.catalogue) for one in unlinked)
        values = [value for each in fields for value in each.values()]
        await _unless_refused(self._records.look_up(calls, unlinked))
        await _unless_refused(self._records.read_ahead(calls, looks))
        await _unless_refused(self._references.learn(calls, values))

    async def apply(self, delivery: Delivery) -> Receipt:
        """Make the record agree and append the notes, then make the tasks.

        Raises AuthError before a creation when a record showed that the instance does not keep keys.
        """
        check_key(delivery)
        check_queryable(delivery.target_key)
        calls = self._calls()
        plain, tasks = parted(delivery, self._dialect.tasks)
        attempt = Attempt(plain, self._dialect, calls, self._records, self._references, self._keys)
        outcome = await attempt.run()
        answer = receipt(plain, outcome, self._dialect, calls.ids)
        table = self._dialect.tasks
        if table is None or not tasks:
            return answer
        new = outcome.created and outcome.instead is None and not delivery.in_doubt
        calls = Calls(self._peer, table.name, calls.ids)
        return await TaskMaker(delivery.key, table, calls, new).add_to(answer, tasks)

    async def look(self, deliveries: Sequence[Delivery]) -> list[Seen | None]:
        """Read the records, in one request for each hundred."""
        rows = await self._records.held(self._calls(), [one for one in deliveries if one.link is not None])
        return [
            seen(one.record, one.link, rows[one.link.external_id], self._dialect)
            if one.link is not None and one.link.external_id in rows
            else None
            for one in deliveries
        ]

    async def probe(self) -> None:
        """Read some records. Raises AuthError when a person has to act."""
        try:
            answer = await self._calls().first_page()
        except RejectedError as error:
            raise AuthError(error.message, remedy=error.remedy or "check base_url and table") from error
        if count := hidden(answer):
            raise AuthError(
                f"the table {self._dialect.table} has {count} records, and the account sees none of them",
                remedy="give the account a role that reads them, e.g. itil or sn_incident_read",
            )

    async def inspect(self, writings: Sequence[Writing]) -> list[Finding]:
        """Hold what the mappings want against the instance."""
        return await Inspection(self._calls(), self._dialect, self._references, writings).findings()

    async def close(self) -> None:
        """Give the connections back."""
        await self._peer.close()

    def _calls(self) -> Calls:
        return Calls(self._peer, self._dialect.table)


async def _unless_refused(look_up: Awaitable[None]) -> None:
    """A refused look-up refuses no batch: each delivery then looks for itself, and is refused by itself."""
    with suppress(RejectedError):
        await look_up
