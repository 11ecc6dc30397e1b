"""Asking the sources and targets of a configuration whether what it wants can work: reads only, nothing is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.config import Config
from connector.errors import ConnectorError
from connector.http import Runtime
from connector.model import Finding, Inspectable, Level, Source, Target, Writing
from connector.model.finding import ok, problem


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found at one source or target; `peer` names it, e.g. `target servicenow`."""

    peer: str
    findings: tuple[Finding, ...]

    @property
    def problems(self) -> list[Finding]:
        """What cannot work."""
        return [finding for finding in self.findings if finding.level is Level.PROBLEM]


async def connect(config: Config, runtime: Runtime | None = None) -> list[Inspected]:
    """Ask every source and target, each for what the routes that lead to it want."""
    runtime = runtime or Runtime()
    peers: list[tuple[str, Source | Target, list[Writing]]] = [
        (f"source {settings.name}", settings.build(runtime), []) for settings in config.settings.sources
    ]
    for target in config.settings.targets:
        writings = [route.mapping.writing() for route in config.routes if route.target == target.name]
        peers.append((f"target {target.name}", target.build(runtime=runtime), writings))
    found = []
    for name, peer, writings in peers:
        try:
            found.append(Inspected(name, tuple(await _inspect(peer, writings))))
        finally:
            await peer.close()
    return found


async def _inspect(peer: Source | Target, writings: Sequence[Writing]) -> list[Finding]:
    """Whether it lets us in, and what else it has to say; one that keeps us out is asked no more."""
    try:
        await peer.probe()
    except ConnectorError as error:
        return [problem("access", error.message, error.remedy)]
    findings = [ok("access", "lets us in")]
    if isinstance(peer, Inspectable):
        try:
            findings += await peer.inspect(writings)
        except ConnectorError as error:
            findings.append(problem("inspection", f"broke off: {error.message}", error.remedy))
    return findings


def line(inspected: Inspected, finding: Finding) -> str:
    """One finding as a line for a person."""
    mark = "" if finding.level is Level.OK else f"{finding.level}: "
    sentence = f"{finding.what}; {finding.remedy}" if finding.remedy else finding.what
    return f"{inspected.peer}: {mark}{finding.subject}: {sentence}"


def as_json(inspected: Inspected) -> dict[str, object]:
    """The findings of one peer for programs; `problem` is the first thing that cannot work."""
    first = next((f"{each.subject}: {each.what}" for each in inspected.problems), "")
    findings = [
        {
            "level": str(each.level),
            "subject": each.subject,
            "what": each.what,
            "remedy": each.remedy,
        }
        for each in inspected.findings
    ]
    return {"peer": inspected.peer, "problem": first, "findings": findings}
