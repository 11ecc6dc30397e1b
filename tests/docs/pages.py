"""The documentation as tests see it: its pages, their code, their tables and the words in backticks."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def name_of(page: Path) -> str:
    """A page's path from the project's root: what a failing test shows."""
    return page.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands between a heading of the second level and the next one."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"there is no heading {heading!r}"
    return found[1]


def rows(text: str) -> Iterator[list[str]]:
    """The rows of the tables in a text, as cells, without heads and rules."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        head_or_rule = line.startswith("|--") or "".join(lines[number + 1 : number + 2]).startswith("|--")
        if line.startswith("|") and not head_or_rule:
            yield [cell.strip() for cell in line.strip("|").split("|")]


def quoted(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


def code_lines(text: str) -> Iterator[str]:
    """The lines of indented and fenced code, continued lines joined, without indentation."""
    fenced, begun = False, ""
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            begun += line.strip().removesuffix("\\")
            if not line.endswith("\\"):
                yield begun
                begun = ""
