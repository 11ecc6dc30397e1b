"""Mistakes planted in a mapping: the complaint stands in the right line, and what its remedy says mends the mapping."""

import re
import time
from pathlib import Path

import pytest

from connector.errors import ConfigError, Problem
from connector.mapping import load_mapping
from tests.unit.mapping.conftest import CATALOGUES
from tests.unit.mapping.planted import PLANTED, Planted

BASE = (Path(__file__).parent / "planted.yaml").read_text(encoding="utf-8")
LONGEST = 1.0  # seconds of processor time for a look at the broken file and one at the mended file


def problems_of(text: str | bytes) -> list[Problem]:
    try:
        load_mapping(text, "planted.yaml", catalogues=CATALOGUES, vars={"zone": "Europe/Zurich"})
    except ConfigError as error:
        return list(error.problems)
    return []


def test_there_are_many_mistakes_and_none_is_planted_to_begin_with() -> None:
    assert problems_of(BASE) == []
    assert len({each.what for each in PLANTED}) == len(PLANTED) >= 60


@pytest.mark.parametrize("mistake", PLANTED, ids=[each.what for each in PLANTED])
def test_the_complaint_is_in_the_right_line_and_its_remedy_works(mistake: Planted) -> None:
    start = time.process_time()
    broken = BASE.replace(mistake.right, mistake.wrong, 1)
    assert broken != BASE
    problems = problems_of(broken)
    mended = BASE.replace(mistake.right, mistake.mended, 1)

    here = [problem for problem in problems if problem.line == mistake.line]
    assert any(mistake.named in problem.remedy for problem in here), "\n".join(map(str, problems))
    for problem in here:
        # The word that a remedy proposes is the one that the edit writes.
        for word in re.findall(r"did you mean `(.+?)`\?", problem.remedy):
            assert word in mended.splitlines()[mistake.line - 1] + mistake.named
    assert problems_of(mended) == []
    assert time.process_time() - start < LONGEST


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        (BASE.encode("utf-16"), "save the file as UTF-8"),
        (BASE.replace("mistakes", "B\u00fccher").encode("latin-1"), "save the file as UTF-8"),
        (BASE + "#" * 1024 * 1024, "at most 1048576 are read"),
        ("", "write at least one key"),
        ("- version: 1\n", "start with `version: 1`"),
    ],
    ids=["UTF-16", "Latin-1", "too large", "empty", "a list"],
)
def test_files_that_are_no_mapping_at_all(written: str | bytes, remedy: str) -> None:
    (problem,) = problems_of(written)

    assert remedy in problem.remedy


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert problems_of(BASE.encode("utf-8-sig")) == problems_of("\ufeff" + BASE) == []
