"""The tutorial can be followed: its files are written, its commands run, and its screens are what they print."""

import re
from pathlib import Path

from tests.docs.pages import section
from tests.docs.tutorial import PAGE, renewed

TEXT = PAGE.read_text(encoding="utf-8")


def test_screens_are_what_the_commands_print(tmp_path: Path) -> None:
    assert renewed(TEXT, tmp_path) == TEXT, "run `make docs`"


def test_nothing_goes_wrong_but_what_is_to() -> None:
    complaints = re.findall(r"^(\d+ problems?) found$", TEXT, re.MULTILINE)
    assert complaints == ["2 problems", "2 problems"]
    assert "Traceback" not in TEXT
    assert "no problems found" in section(TEXT, "9. Forty customers")
