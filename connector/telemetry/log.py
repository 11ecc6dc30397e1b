"""From events to log lines: what is worth a line, and what makes a line safe to read.

Everything that happens is reported once as an `Event`; what is a line, at which level, is decided here. A
peer that is away would otherwise fill the log at every try, so its going and its return are said once each.
Texts from outside may hold line breaks and terminal sequences, with which an incident's title could forge a
log line; they are escaped in every value of every line, foreign libraries' lines included.
"""

import logging
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal, TextIO

import structlog

from connector.model import Event, EventKind
from connector.telemetry import Telemetry, escape, redact

Level = Literal["debug", "info", "warning", "error"]
Style = Literal["json", "console"]


def logging_telemetry(
    level: Level = "info", style: Style = "json", stream: TextIO | None = None
) -> Telemetry:
    """Log events, and every other log line of this process, to `stream` (standard error).

    `json` writes one object a line, `console` text for people. To be called once, by the composition root.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(style))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for talkative in ("httpx", "httpcore", "apscheduler", "alembic", "asyncio"):
        # httpx writes whole addresses, query included, at INFO.
        logging.getLogger(talkative).setLevel(logging.WARNING)
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger("connector"),
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return _EventLog(logger)


def _formatter(style: Style) -> logging.Formatter:
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rest: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
    ]
    if style == "json":
        rest += [_redacted, structlog.processors.JSONRenderer(default=str)]
    else:
        rest += [_redacted, _escaped_values, structlog.dev.ConsoleRenderer(colors=False)]
    return structlog.stdlib.ProcessorFormatter(processors=[*shared, *rest], foreign_pre_chain=None)


def _redacted(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    del logger, method
    return {name: redact(value) if isinstance(value, str) else value for name, value in line.items()}


def _escaped_values(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Every text on one line, except a traceback: each of its lines is marked, so that none looks like a log line."""
    del logger, method
    return {
        name: _marked(value) if name == "exception" else escape(value) if isinstance(value, str) else value
        for name, value in line.items()
    }


def _marked(traceback: str) -> str:
    return "\n".join(f"    | {escape(line)}" for line in traceback.split("\n"))


_LEVELS = {
    EventKind.POLLED: logging.DEBUG,
    EventKind.DECIDED: logging.DEBUG,
    EventKind.DELIVERED: logging.DEBUG,  # each has its audit row; a line for all of a moment is enough for a log
    EventKind.POLL_FAILED: logging.WARNING,
    EventKind.SET_ASIDE: logging.WARNING,
    EventKind.DELAYED: logging.WARNING,
    EventKind.PARKED: logging.WARNING,
    EventKind.HELD: logging.WARNING,
    EventKind.PAUSED: logging.WARNING,
    EventKind.NOT_TAKEN: logging.WARNING,
    EventKind.MAPPING_REFUSED: logging.WARNING,
    EventKind.UNEXPECTED: logging.ERROR,
}
_FAILURES = frozenset({EventKind.POLL_FAILED, EventKind.DELAYED})
_SUCCESSES = frozenset({EventKind.POLLED, EventKind.DELIVERED, EventKind.RESUMED})


@dataclass(slots=True)
class _EventLog:
    """Writes each event once; of a subject's failures in a row only the first aloud, and then its return."""

    logger: structlog.stdlib.BoundLogger
    _away: dict[str, int] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        level = _LEVELS.get(event.kind, logging.INFO)
        if event.kind is EventKind.POLLED and event.count:
            level = logging.INFO
        if event.kind in _FAILURES:
            failures = self._away[event.subject] = self._away.get(event.subject, 0) + 1
            level = level if failures == 1 else logging.DEBUG
        elif event.kind in _SUCCESSES and event.subject in self._away:
            failures = self._away.pop(event.subject)
            self.logger.info("back", subject=event.subject, failures=failures)
        if self.logger.isEnabledFor(level):
            self.logger.log(level, str(event.kind), **_fields(event))


def _fields(event: Event) -> dict[str, Any]:
    """The members of an event that say something."""
    named = {
        "subject": event.subject,
        "route": event.route,
        "incident": event.incident,
        "reason": event.reason,
        "count": event.count,
        "seconds": round(event.seconds, 3),
    }
    return {name: value for name, value in named.items() if value}
