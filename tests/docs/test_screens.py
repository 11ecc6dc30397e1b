"""The screens in docs/mappings.md are what the commands print."""

from pathlib import Path

from tests.docs.screens import PAGE, commands, renewed

TEXT = PAGE.read_text(encoding="utf-8")


def test_screens_are_what_the_commands_print(tmp_path: Path) -> None:
    assert renewed(TEXT, tmp_path) == TEXT, "run `make docs`"


def test_every_command_of_the_workbench_has_a_screen() -> None:
    shown = {line.split()[2] for line in commands(TEXT)}
    assert shown == {"check", "test", "explain", "coverage", "diff"}
