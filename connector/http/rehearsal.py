"""Writes that are not sent: what a target would do is found by letting its own code do it.

A peer in rehearsal lets reads through. A write is written down instead, and answered with what the service would
give back, so that the code that asked goes on as if it had happened. A second way to work out what would be written
would sooner or later say something else than the first one does.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import urlsplit

from connector.http.answer import Answer
from connector.model import JSON


@dataclass(frozen=True, slots=True)
class Unsent:
    """A write that was not sent. `path` is that of the whole address."""

    method: str
    path: str
    body: JSON


@dataclass(frozen=True, slots=True)
class Echo:
    """How a service answers writes.

    `answer` gives the status and the body. `volatile` names members of a write's body that differ from one attempt to
    the next, such as tokens and etags.
    """

    answer: Callable[[Unsent], tuple[int, JSON]] = lambda unsent: (200, unsent.body)
    volatile: frozenset[str] = frozenset()

    def lasting(self, unsent: Unsent) -> Unsent:
        """The write without what differs from one attempt to the next."""
        if not isinstance(unsent.body, Mapping):
            return unsent
        body = {name: value for name, value in unsent.body.items() if name not in self.volatile}
        return Unsent(unsent.method, unsent.path, body)


PLAIN = Echo()  # for services that give back what they were sent
_HEARD: ContextVar[list[Unsent]] = ContextVar("unsent")


@contextmanager
def heard() -> Iterator[list[Unsent]]:
    """Collect the writes that are rehearsed within, in this task and those it starts."""
    collected: list[Unsent] = []
    token = _HEARD.set(collected)
    try:
        yield collected
    finally:
        _HEARD.reset(token)


def rehearsed(method: str, url: str, body: JSON, echo: Echo) -> Answer:
    """Write a request down instead of sending it. Raises LookupError where nobody listens."""
    unsent = Unsent(method, urlsplit(url).path, body)
    _HEARD.get().append(echo.lasting(unsent))
    status, answer = echo.answer(unsent)
    return Answer(status, {}, answer)
