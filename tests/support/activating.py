"""A connector in process whose mapping files can be edited: copies of the shipped ones, without their examples."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from connector.activation import Act, activate, rollback
from connector.app import App
from connector.audit import AuditKind, SealedRow
from connector.config import load, shipped_mappings
from connector.store import activations, offers
from connector.store.activations import Activation
from tests.support import endstate
from tests.support.inprocess import Lab, lab

TARGETS = ("sentinel", "servicenow")
FILES = {"sentinel": "sentinel.yaml", "servicenow": "servicenow-incident.yaml"}
TITLES = {
    "sentinel": ("\"{{ displayName or 'Microsoft Defender XDR incident' }}\"", "title"),
    "servicenow": ('"[XDR {{ id }}] {{ displayName }}"', "short_description"),
}


def route(target: str) -> str:
    return f"contoso-{target}"


def mapping_file(made: Lab, target: str) -> Path:
    return made.config.path.parent / FILES[target]


def editable(folder: Path, incidents: int = 30, **brakes: int) -> Lab:
    """Mocks with so many incidents, and a configuration whose mappings lie beside it."""
    folder.mkdir(exist_ok=True)
    made = lab(folder)
    said = yaml.safe_load(made.config.path.read_text())
    for each in said["routes"]:
        name = FILES[each["target"]]
        text = (shipped_mappings() / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.split("\nexamples:")[0] + "\n", encoding="utf-8")
        each["mapping"] = name
    said["brakes"] = brakes
    made.config.path.write_text(yaml.safe_dump(said))
    for number in range(incidents):
        made.world.graph.portal.create({"displayName": f"Phish {number}", "severity": "high"})
    return Lab(made.world, load(made.config.path))


def edit(made: Lab, target: str, text: str) -> None:
    """Let every record have another title."""
    file, (template, _) = mapping_file(made, target), TITLES[target]
    before = file.read_text(encoding="utf-8")
    assert template in before
    file.write_text(before.replace(template, f'"{text} {{{{ displayName }}}}"'), encoding="utf-8")


def titles(made: Lab, target: str) -> set[str]:
    """How the target's records begin: their title's first word."""
    held: dict[str, Any] = getattr(endstate, target)(made.world)
    return {str(each[TITLES[target][1]]).split()[0] for each in held.values()}


def writes(made: Lab) -> int:
    """How many writes the targets have heard of."""
    return sum(len(list(made.world.log.entries(target, 0, writes_only=True))) for target in TARGETS)


async def by_operator(
    app: App,
    made: Lab,
    target: str,
    how: str = "activate",
    *,
    to: int | None = None,
    canary: int | None = None,
) -> Activation:
    """What a command does: the file is read afresh, and the state is written in one transaction."""
    act = Act("contoso", route(target), "kim", "CHG0031", how)
    if how == "rollback":
        return await app.store.write(lambda tx: rollback(tx, act, to))
    chosen = next(each for each in load(made.config.path).routes if each.target == target)
    return await app.store.write(lambda tx: activate(tx, act, chosen.mapping, canary=canary))


async def in_force(app: App, target: str) -> activations.Standing:
    return await app.store.read(lambda tx: activations.standing(tx, route(target)))


async def offered(app: App, target: str) -> offers.Offer | None:
    return await app.store.read(lambda tx: offers.get(tx, route(target)))


def said(rows: Sequence[SealedRow]) -> list[Any]:
    """What was done about mappings, in words."""
    return [row.said()["data"]["action"] for row in rows if row.kind == AuditKind.MAPPING]
