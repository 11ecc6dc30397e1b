"""Mistakes as people make them, and the edits that the complaints ask for; they stand in mistakes.yaml."""

from pathlib import Path
from typing import NamedTuple

import yaml


class Planted(NamedTuple):
    """`right` becomes `wrong` in planted.yaml, which `check` complains of in `line`.

    The remedy has the words `named` in it, and `wrong` becoming `mended` does what it says.
    """

    what: str
    right: str
    wrong: str
    line: int
    named: str
    mended: str


def _all() -> tuple[Planted, ...]:
    entries = yaml.safe_load((Path(__file__).parent / "mistakes.yaml").read_text(encoding="utf-8"))
    return tuple(Planted(**{"mended": entry["right"], **entry}) for entry in entries)


PLANTED = _all()
