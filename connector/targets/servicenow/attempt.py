"""One delivery on its way: find or create the record, write what differs, tell what came of it.

Four cases and no more: the record is known and untouched since (one PATCH), known but has to be looked at
first (a lost answer, a field people may edit, tags in a shared field, a state that may be in the way), not known
but there (adopt it), or not there (one POST). A record that a unique key brings to light is adopted like one that
was found. Where a process has to be walked, each state on the way is one PATCH more: a process that dies there finds
the record at that state and goes on from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from connector.errors import ConflictError, RejectedError
from connector.model import Delivery, FieldValue, Link
from connector.targets.servicenow.calls import Calls
from connector.targets.servicenow.dialect import Dialect
from connector.targets.servicenow.followup import followed_up, name_successor
from connector.targets.servicenow.keys import KeyWatch
from connector.targets.servicenow.lifecycle import FINAL, Way
from connector.targets.servicenow.noting import Noting, all_new, noting
from connector.targets.servicenow.outcome import Outcome
from connector.targets.servicenow.records import Records
from connector.targets.servicenow.references import References
from connector.targets.servicenow.refusals import blamed, closed, gone, hidden_twin
from connector.targets.servicenow.row import KEY, Memory, Row
from connector.targets.servicenow.standing import FOLLOW_UP, NOTE, asked_for, may_be_in_the_way, why_left
from connector.targets.servicenow.tags import merged, tags_field, touched
from connector.targets.writing import Due, fields_at_creation


def due_of(delivery: Delivery, link: Link, dialect: Dialect) -> Due:
    """What a delivery has to write to the record of `link`."""
    return Due.of(delivery, link, dialect.kind.catalogue)


def is_due(due: Due) -> bool:
    """Whether there is anything to do for a record we have a link to."""
    return bool(due.delivery.notes or due.fields or due.has_tags)


def needs_look(due: Due, dialect: Dialect) -> bool:
    """Whether a linked record must be read before it is written; never for a plain update."""
    if not is_due(due):
        return False
    tagged = due.has_tags and bool(tags_field(due.delivery.record))
    known = due.link.stale or due.delivery.in_doubt
    return known or tagged or due.asks_if_edited() or may_be_in_the_way(due, dialect.kind.cycle)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Everything one delivery needs. `before` is the sys_id of the record that this delivery's is to follow."""

    delivery: Delivery
    dialect: Dialect
    calls: Calls
    records: Records
    references: References
    keys: KeyWatch
    before: str = ""

    async def run(self) -> Outcome:
        """Make the record agree. Raises ConnectorErrors."""
        link = self.delivery.link
        if link is None:
            return await self._start()
        due = due_of(self.delivery, link, self.dialect)
        if not is_due(due):
            return Outcome(link)
        row = await self._linked(link) if needs_look(due, self.dialect) else None
        return await self._agree(due, row)

    async def _start(self) -> Outcome:
        row = await self.records.of(self.calls, self.delivery)
        if row is None and self.delivery.in_doubt:
            row = await self.records.with_token(self.calls, self.delivery, self.before)
        if row is not None:
            return await self._adopt(row)
        if not self.delivery.may_create:
            raise RejectedError(
                "there is no record, and the mapping wants none created",
                part="record",
                signature="may_not_create",
                alone=True,
            )
        try:
            return await self._create()
        except ConflictError as conflict:
            return await self._adopt(await self._conflicting(conflict))

    async def _adopt(self, row: Row) -> Outcome:
        """Go on with a record that is ours already: an earlier attempt made it, or the state was lost."""
        self.keys.saw(self.delivery, row)
        due = due_of(self.delivery, Link(row.sys_id, row.number), self.dialect)
        outcome = await self._agree(due, row)
        return replace(outcome, created=outcome.created or self.dialect.landed(self.delivery, row))

    async def _create(self) -> Outcome:
        await self.keys.check(self.calls)
        due = fields_at_creation(self.delivery, self.dialect.kind.catalogue)
        await self.references.learn(self.calls, due.values())
        resolved = self.references.resolve(due)
        texts = {name: text for name, text in resolved.texts.items() if text}
        sent = self.dialect.kind.cycle.beginning(texts, self.references.states)
        if (name := tags_field(self.delivery.record)) and self.delivery.record.tags:
            sent[name] = merged("", self.delivery.record.tags, ())
        notes = all_new(self.dialect, self.delivery.notes)
        body = self.dialect.creation(self.delivery, sent, notes.send)
        try:
            row = await self.calls.insert(body, self.records.fields(sent))
        except RejectedError as error:
            raise blamed(error, self.delivery) from error
        self.keys.saw(self.delivery, row)
        checked = {n: body[n] for n in (KEY, self.dialect.token_field) if n in body}
        fields = {name: value for name, value in due.items() if name not in resolved.left}
        made = Outcome(
            Link(row.sys_id), row, sent | checked, fields, resolved.left, created=True, noting=notes
        )
        return await self._go_on(made, row, {n: text for n, text in texts.items() if n not in sent})

    async def _go_on(self, made: Outcome, row: Row, rest: Mapping[str, str]) -> Outcome:
        """Give a new record the texts that it could not be made with."""
        if not rest:
            return made
        cycle, states = self.dialect.kind.cycle, self.references.states
        way = cycle.way(rest, row.state or cycle.start(states), "", states)
        answer = await self._walk(made.link, way, way.texts)
        sent = {**made.sent, **way.texts}
        return replace(made, row=row.updated(answer), sent=sent, left={**made.left, **way.left})

    async def _walk(self, link: Link, way: Way, body: Mapping[str, str]) -> Row:
        """Pass the states on the way, one write each, then make the last write."""
        for state in way.through:
            await self._patch(link, {"state": state}, {"state": state})
        sent = {name: text for name, text in body.items() if name in way.texts}
        return await self._patch(link, sent, body)

    async def _conflicting(self, conflict: ConflictError) -> Row:
        """The record that refuses ours by a unique key."""
        row = await self.records.of(self.calls, self.delivery)
        if row is None and self.dialect.choose_sys_id:
            names = self.records.fields(touched(self.delivery.record))
            row = await self.calls.find(self.dialect.chosen_id(self.delivery), names)
        if row is None or row.key not in {"", self.delivery.target_key}:
            raise hidden_twin(conflict)
        return row

    async def _linked(self, link: Link) -> Row:
        try:
            return await self.records.linked(self.calls, link.external_id, touched(self.delivery.record))
        except RejectedError as error:
            raise (gone(link) if error.signature == "not_found" else error) from error

    async def _agree(self, due: Due, row: Row | None) -> Outcome:
        """Write what differs from the record, or from what is known of it."""
        # What a lost attempt may have written is recognised only once its people are known, too.
        doubtful = chain.from_iterable(self.delivery.doubtful.values())
        await self.references.learn(self.calls, [*due.fields.values(), *doubtful])
        asked = asked_for(due, row, self.dialect.kind.cycle, self.references) if row is not None else ""
        if row is not None and asked == FOLLOW_UP:
            return await self._follow_up(row)
        notes = await noting(self.calls, self.dialect, self.delivery, due.link, row)
        if row is not None and asked == NOTE:
            left = dict.fromkeys(due.fields, why_left(row, self.dialect.kind.cycle, self.references))
            return await self._send(Outcome(due.link, row, left=left, noting=notes), due, row)
        return await self._send(self._planned(due, row, notes), due, row)

    async def _send(self, plan: Outcome, due: Due, row: Row | None) -> Outcome:
        """Make the writes of a plan."""
        body = {**plan.sent, **self.dialect.noted(plan.noting.send, self.delivery.token)}
        if not body:
            return plan
        if plan.sent and row is not None:
            self._check_open(row)
        answer = await self._walk(due.link, Way(plan.sent, plan.through), body)
        sent = {name: text for name, text in body.items() if name != self.dialect.note_field}
        return replace(plan, sent=sent, row=row.updated(answer) if row is not None else answer)

    async def _follow_up(self, row: Row) -> Outcome:
        """Go on in a new record, and let each of the two name the other."""
        delivery, there = followed_up(self.delivery, row, self.dialect)
        outcome = await replace(self, delivery=delivery, before=row.sys_id).run()
        left = await name_successor(self.calls, self.dialect, self.delivery, row, outcome.link)
        notes = replace(outcome.noting, there=(*there, *outcome.noting.there))
        return replace(
            outcome,
            instead=outcome.instead or delivery,
            left={**outcome.left, **left},
            noting=notes,
        )

    def _planned(self, due: Due, row: Row | None, notes: Noting) -> Outcome:
        """The outcome that a write would have."""
        resolved = self.references.resolve(due.fields)
        left = {**(self._edited(due, row) if row is not None else {}), **resolved.left}
        allowed = due.allowed(left)
        way = self._way({name: resolved.texts[name] for name in allowed}, due.link, row)
        sent, through, left = dict(way.texts), way.through, {**left, **way.left}
        if row is not None and all(row.has(name, text) for name, text in sent.items()):
            sent, through = {}, ()
        fields = {name: value for name, value in allowed.items() if name not in way.left}
        fields |= self._ours(left, row)
        sent |= self._tag_text(due, row)
        return Outcome(due.link, row, sent, fields, left, noting=notes, through=through)

    def _ours(self, left: Iterable[str], row: Row | None) -> dict[str, FieldValue]:
        """What a lost attempt has put into fields that are left now."""
        doubtful = self.delivery.doubtful
        return {
            name: value
            for name in left
            for value in doubtful.get(name, ())
            if row is not None and self._resolves_to(value, row, name)
        }

    def _way(self, texts: Mapping[str, str], link: Link, row: Row | None) -> Way:
        held = row.state if row is not None else Memory.of(link).state
        before = Memory.of(self.delivery.link).state if self.delivery.in_doubt else ""
        return self.dialect.kind.cycle.way(texts, held, before, self.references.states)

    def _check_open(self, row: Row) -> None:
        """Raise RejectedError when the record is in a final state."""
        standing = self.dialect.kind.cycle.standing(row.state, self.references.states)
        if standing in FINAL:
            raise closed(row.number, row.state, standing)

    def _edited(self, due: Due, row: Row) -> dict[str, str]:
        applied, forms = due.link.applied, Memory.of(due.link).forms

        def holds(name: str, value: FieldValue) -> bool:
            if name in forms and value == applied.get(name):
                return row.has(name, forms[name])
            return self._resolves_to(value, row, name)

        return due.edited(holds)

    def _resolves_to(self, value: FieldValue, row: Row, name: str) -> bool:
        text = self.references.resolve({name: value}).texts.get(name)
        return text is not None and row.has(name, text)

    def _tag_text(self, due: Due, row: Row | None) -> dict[str, str]:
        name = tags_field(self.delivery.record)
        if not name or row is None or not due.has_tags:
            return {}
        text = merged(row.text(name), due.add, due.remove)
        return {} if row.has(name, text) else {name: text}

    async def _patch(self, link: Link, sent: Mapping[str, str], body: Mapping[str, str]) -> Row:
        try:
            return await self.calls.update(link.external_id, body, self.records.fields(sent))
        except RejectedError as error:
            if error.signature == "not_found":
                raise gone(link) from error
            if sent:
                await self._explain(link)
            raise blamed(error, self.delivery, only_notes=not sent) from error

    async def _explain(self, link: Link) -> None:
        """Raise the clear refusal when the record turns out to be final."""
        row = await self.calls.find(link.external_id, self.records.fields())
        if row is not None:
            self._check_open(row)
