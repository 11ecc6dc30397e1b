"""The screens in docs/mappings.md: what the commands print where the page's own files and a small state are.

`make docs` renews them; a test refuses a page that shows something else.
"""

import json
import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.config import shipped_mappings
from tests.docs.pages import ROOT, section
from tests.support.commandline import command_line
from tests.support.storied import stocked

PAGE = ROOT / "docs" / "mappings.md"
_SCREEN = re.compile(r"(?<=```console\n)(.*?)(?=```)", re.DOTALL)
# What somebody tried in a copy of the shipped mapping.
_EDITS = (
    ("low: 3", "low: 2"),
    ("notEnoughDataToValidate, No resolution provided", "notEnoughDataToValidate, Solution provided"),
)


def furnish(page: str, folder: Path) -> None:
    """What the page says is there: its first mapping, a copy with edits, an incident, and a state."""
    (whole, *_) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (folder / "my-servicenow.yaml").write_text(whole, encoding="utf-8")
    text = (shipped_mappings() / "servicenow-incident.yaml").read_text(encoding="utf-8")
    for before, after in _EDITS:
        assert before in text
        text = text.replace(before, after)
    (folder / "new.yaml").write_text(text, encoding="utf-8")
    (shown,) = re.findall(r"```json\n(.*?)```", section(page, "The workbench"), re.DOTALL)
    (folder / "incident.json").write_text(json.dumps(json.loads(shown)), encoding="utf-8")
    stocked(folder)


def commands(page: str) -> list[str]:
    """The command lines on the screens of a page."""
    return [
        line for screen in _SCREEN.findall(page) for line in re.findall(r"^\$ (.*)$", screen, re.MULTILINE)
    ]


def renewed(page: str, folder: Path) -> str:
    """The page with what its commands print in a folder that is to be furnished."""
    furnish(page, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return _SCREEN.sub(lambda found: "".join(_shown(found[1], patch)), page)


def _shown(screen: str, patch: pytest.MonkeyPatch) -> Iterator[str]:
    for line in commands(f"```console\n{screen}```"):
        program, *arguments = shlex.split(line)
        assert program == "xdr-connector"
        done = command_line(patch, arguments)
        yield f"$ {line}\n{done.out}{done.err}"


def main() -> None:
    """Renew the page."""
    with tempfile.TemporaryDirectory() as folder:
        page = renewed(PAGE.read_text(encoding="utf-8"), Path(folder))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
