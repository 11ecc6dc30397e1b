"""What is said about the command line: the commands, their options, their exit codes, and what they print."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperArgument, TyperGroup

from connector.cli import exits
from connector.cli.main import app
from tests.docs.pages import PAGES, code_lines, name_of, quoted, rows, section, text_of
from tests.support.harness import command

README = text_of("README.md")
PROGRAM = typer.main.get_command(app)
TABLE = [(quoted(cells[0]), cells[1]) for cells in rows(section(README, "Commands"))]
LINES = [
    (name_of(page), line.partition("xdr-connector ")[2])
    for page in PAGES
    for line in code_lines(page.read_text(encoding="utf-8"))
    if re.match(r"(\S*/)?xdr-connector ", line)
]
TARGETS = {
    words
    for page in PAGES
    for words in re.findall(r"(?:`|^    )make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
}


def commands(at: Any, path: str = "") -> dict[str, Any]:
    """Every command below `at`, by the words that call it and the arguments it wants.

    Typer carries a parser of its own and does not publish its types.
    """
    if isinstance(at, TyperGroup):
        below = [commands(inner, f"{path} {name}") for name, inner in at.commands.items()]
        return {words: found for each in below for words, found in each.items()}
    wanted = [str(each.name).upper() for each in at.params if isinstance(each, TyperArgument)]
    return {" ".join([*path.split(), *wanted]): at}


def test_table_names_every_command_and_no_other() -> None:
    assert sorted(name for names, _ in TABLE for name in names) == sorted(commands(PROGRAM))


@pytest.mark.parametrize(("names", "says"), TABLE)
def test_options_named_in_the_table_exist(names: list[str], says: str) -> None:
    known = commands(PROGRAM)
    options = {option for name in names for each in known[name].params for option in each.opts}
    assert {words for words in quoted(says) if words.startswith("-")} <= options


@pytest.mark.parametrize(("page", "line"), LINES)
def test_command_lines_in_pages_are_accepted(page: str, line: str) -> None:
    words = shlex.split(re.split(r"\s{2,}| > ", line)[0], comments=True)
    at: Any = PROGRAM
    while isinstance(at, TyperGroup):
        at = at.commands[words.pop(0)]
    at.make_context(at.name, words)


def test_exit_codes_are_those_of_the_program() -> None:
    says = README.partition("Exit codes: ")[2].partition("\n\n")[0]
    codes = {code.value for code in exits.Exit}
    assert {int(code) for code in re.findall(r"(?:^|; )(\d+) ", " ".join(says.split()))} == codes
    assert {int(code) for code in re.findall(r"^(\d+) ", exits.__doc__ or "", re.MULTILINE)} == codes


def test_targets_of_make_exist() -> None:
    known = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    assert {"demo", "test", "verify"} <= TARGETS <= known


@pytest.mark.verify
def test_demo_ends_with_the_screen_in_the_readme(tmp_path: Path) -> None:
    done = subprocess.run(
        command("demo"), capture_output=True, text=True, timeout=110, check=False, cwd=tmp_path
    )
    screen = README.partition("It ends with:\n\n```text\n")[2].partition("```")[0]
    assert screen
    assert done.stdout[-len(screen) :] == screen, done.stderr
