"""The far side of a target under test: a mock, faults, a request log, and the hands of people.

A harness speaks for one member of the `AnyTarget` union in words that all targets share, so that the suite can
say once what every target must do. Tests look at what the mock holds and heard, never at the client's insides.
"""

import itertools
import json as jsonlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import httpx
from pydantic import TypeAdapter

from connector.errors import RejectedError
from connector.http import Runtime
from connector.mocks.faults import Faults
from connector.mocks.guard import guarded
from connector.mocks.kernel import Clock, Exchange, RequestLog
from connector.model import Delivery, FieldValue, IncidentKey, NoteInHand, Receipt, Record, Target
from connector.targets import AnyTarget

TENANT = "7b0e3a52-1111-4222-8333-944445555666"
CREATED = "2026-01-05T08:00:00Z"
HOST = "http://127.0.0.1:8443"
CHARSET = "characters that any target can hold: ü 中 🜲 e\u0301 \u202eabc\u202c \u2028 <b>&amp;</b> =cmd [code]x[/code]"


@dataclass(frozen=True)
class Held:
    """One record on the far side, in words that all targets share."""

    id: str
    fields: Mapping[str, Any]
    tags: list[str]
    notes: list[str]


@dataclass(frozen=True)
class HeldTask:
    """One task on the far side: `done` once somebody has completed it, `record` the id of what it belongs to."""

    title: str
    text: str
    record: str
    done: bool = False


def note(name: str = "0123456789abcdef", text: str = "looked at it", *, sent: bool = False) -> NoteInHand:
    """A note as the delivery loop hands it over: its text ends with the marker."""
    return NoteInHand(name, f"{text} [mdxdr:{name[:12]}]", sent)


def task(
    name: str = "fedcba9876543210",
    title: str = "Isolate it",
    text: str = "at once",
    *,
    sent: bool = False,
) -> NoteInHand:
    """A task as the delivery loop hands it over."""
    return replace(note(name, text, sent=sent), title=title)


class Harness(ABC):
    """One target type with its far side. `path` is the folder for secrets."""

    word: ClassVar[str]  # what the type is called in a configuration
    mock_name: ClassVar[str]
    update_method: ClassVar[str]
    text_field: ClassVar[str]
    long_field: ClassVar[str]
    plain_edit: ClassVar[tuple[str, str]]  # a field the mapping leaves alone, and a person's value for it
    dropped_field: ClassVar[str]  # a field that the far side can be told to drop in silence
    creates: ClassVar[bool] = True
    tags_into: ClassVar[str] = ""  # the field for tags, where the far side has none of its own
    task_path: ClassVar[str] = ""  # what is in the path of a task's write, where it is not that of a note

    def __init__(self, path: Path) -> None:
        self.clock = Clock(datetime(2026, 1, 5, 9, 0, tzinfo=UTC))
        self.log = RequestLog()
        self.faults = Faults()
        self.secret = path / "secret"
        self.secret.write_text("not-a-secret")
        self.slept: list[float] = []
        self.notes_refused = False
        self.tasks_refused = False
        self.odd: Callable[[httpx.Request, Any], Any] | None = None  # what becomes of the JSON of an answer
        self._ids = itertools.count()
        self._targets: list[Target] = []

    # What differs from target to target
    @abstractmethod
    def settings(self) -> dict[str, Any]: ...

    @abstractmethod
    def app(self) -> Any: ...

    @abstractmethod
    def held(self) -> list[Held]: ...

    @abstractmethod
    def edit(self, record: str, fields: Mapping[str, Any]) -> None: ...

    @abstractmethod
    def delete(self, record: str) -> None: ...

    @abstractmethod
    def drop(self, name: str) -> None: ...

    @abstractmethod
    def first_fields(self) -> dict[str, FieldValue]: ...

    @abstractmethod
    def note_refusal(self, request: httpx.Request) -> httpx.Response | None: ...

    @abstractmethod
    def tasks(self) -> list[HeldTask]: ...

    @abstractmethod
    def complete(self, title: str) -> None:
        """Let a person complete the task of that title; nothing where tasks are notes."""

    @abstractmethod
    def forbid_tasks(self) -> None:
        """Take the right to write tasks away; nothing where tasks are notes."""

    @abstractmethod
    def foreign_tag(self, record: str, tag: str) -> None: ...

    @abstractmethod
    def arrange(self, key: IncidentKey) -> None:
        """Do what has to happen on the far side before a first delivery; nothing where we create."""

    # What is the same for all
    def start(self, *, rehearsal: bool = False, **changes: Any) -> Target:
        """A target as a new process would build it, on the same far side; in `rehearsal` it writes nothing."""
        settings: Any = TypeAdapter(AnyTarget).validate_python({**self.settings(), **changes})
        target: Target = settings.build(runtime=replace(self._runtime(), rehearsal=rehearsal))
        self._targets.append(target)
        return target

    async def close(self) -> None:
        for target in self._targets:
            await target.close()

    def _runtime(self) -> Runtime:
        app = guarded(self.app(), mock=self.mock_name, clock=self.clock, log=self.log, faults=self.faults)
        return Runtime(
            now=self.clock.now,
            monotonic=lambda: self.clock.now().timestamp(),
            sleep=self._sleep,
            chance=lambda: 0.5,
            new_id=lambda: f"request-{next(self._ids)}",
            transport=_Interceptor(httpx.ASGITransport(app), self._intercept, self._spoil),
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def _intercept(self, request: httpx.Request) -> httpx.Response | None:
        if self.tasks_refused and self.task_path in request.url.path and request.method in {"PUT", "POST"}:
            return httpx.Response(400, json={"error": {"code": "BadRequest", "message": "No more tasks."}})
        return self.note_refusal(request) if self.notes_refused else None

    async def _spoil(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if self.odd is None or not response.is_success:
            return response
        body = self.odd(request, jsonlib.loads(await response.aread()))
        return httpx.Response(response.status_code, json=body)

    def fail(self, kind: str, *, method: str | None = None, times: int | None = 1, **fault: Any) -> None:
        rule = {"mock": self.mock_name, "method": method, "times": times, "fault": {"kind": kind, **fault}}
        self.faults.add({name: value for name, value in rule.items() if value is not None})

    def heard(self) -> list[Exchange]:
        return list(self.log.entries())

    def writes(self) -> list[Exchange]:
        return list(self.log.entries(writes_only=True))

    def reads(self) -> list[Exchange]:
        return [entry for entry in self.heard() if entry.kind == "read"]

    def delivery(self, incident: str = "101", **changes: Any) -> Delivery:
        """The first delivery of an incident; `fields` and `tags` may be given instead of a record."""
        fields = changes.pop("fields", None)
        fields = fields if fields is not None else self.first_fields()
        record = Record(fields, changes.pop("tags", ()), tags_into=changes.pop("tags_into", self.tags_into))
        given = {"record": record, "token": f"token-{incident}", "created_hint": CREATED, **changes}
        return Delivery("route", IncidentKey(TENANT, incident), **given)

    async def first(self, target: Target, **changes: Any) -> tuple[Delivery, Receipt]:
        """Make the record of a first delivery, and forget the requests that took."""
        delivery = self.delivery(**changes)
        self.arrange(delivery.key)
        receipt = await deliver(target, delivery)
        self.log.clear()
        return replace(delivery, link=receipt.link, token="token-2", notes=()), receipt

    def only(self) -> Held:
        """The one record there is."""
        (record,) = self.held()
        return record


def changed(delivery: Delivery, **fields: Any) -> Delivery:
    """The delivery with some fields changed."""
    return replace(delivery, record=replace(delivery.record, fields={**delivery.record.fields, **fields}))


async def deliver(target: Target, delivery: Delivery) -> Receipt:
    """What the delivery loop does with one delivery."""
    await target.prepare([delivery])
    return await target.apply(delivery)


async def deliver_in_parts(target: Target, delivery: Delivery) -> tuple[Receipt, RejectedError]:
    """What the delivery loop does when a delivery with notes is refused: fields and notes by themselves."""
    try:
        receipt = await deliver(target, delivery)
    except RejectedError:
        receipt = await deliver(target, delivery.without_notes())
        linked = replace(delivery, link=receipt.link)
        try:
            await deliver(target, linked.only_notes())
        except RejectedError as error:
            return receipt, error
        raise AssertionError("the notes were taken") from None
    (refusal,) = receipt.note_errors.values()
    assert isinstance(refusal, RejectedError)
    return receipt, refusal


class _Interceptor(httpx.AsyncBaseTransport):
    """Answers some requests itself, and spoils some answers."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        intercept: Callable[[httpx.Request], httpx.Response | None],
        spoil: Callable[[httpx.Request, httpx.Response], Awaitable[httpx.Response]],
    ) -> None:
        self._inner = inner
        self._intercept = intercept
        self._spoil = spoil

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._intercept(request)
        return answer or await self._spoil(request, await self._inner.handle_async_request(request))
