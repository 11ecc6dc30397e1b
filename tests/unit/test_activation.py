"""The small parts of activation: shares, rates, limits, and revisions of work trees."""

from pathlib import Path

import pytest

from connector.activation import Extent, Rates, revision_of
from connector.poll import tried_on
from tests.support.states import key

ONE, TWO = "1" * 40, "2" * 64


@pytest.mark.parametrize("percent", [1, 10, 50, 99])
def test_trial_takes_about_its_share_and_always_the_same(percent: int) -> None:
    keys = [key(number) for number in range(5000)]
    taken = [each for each in keys if tried_on(each, percent)]
    assert abs(len(taken) - 50 * percent) < 120
    assert all(tried_on(each, min(99, percent + 1)) for each in taken)


@pytest.mark.parametrize(
    ("changed", "of", "beyond"),
    [(19, 20, False), (20, 80, False), (21, 80, True), (20, 20, True), (0, 0, False), (250, 1000, False)],
)
def test_brake_wants_a_share_and_a_number(changed: int, of: int, beyond: bool) -> None:
    assert Extent(changed, of).beyond(share=25, least=20) is beyond


@pytest.mark.parametrize(
    ("rates", "worse"),
    [
        (Rates(2, 2, 0, 100), False),  # few may be chance
        (Rates(3, 10, 0, 100), True),
        (Rates(3, 10, 15, 100), False),  # exactly twice
        (Rates(4, 10, 15, 100), True),
        (Rates(10, 10, 90, 90), False),  # the target refuses everything
    ],
)
def test_trial_is_worse_where_clearly_more_is_refused(rates: Rates, worse: bool) -> None:
    assert rates.worse is worse


def tree(folder: Path, head: str) -> Path:
    git = folder / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text(head)
    (folder / "deep").mkdir()
    return folder / "deep" / "own.yaml"


def test_revision_is_that_of_the_branch(tmp_path: Path) -> None:
    file = tree(tmp_path, "ref: refs/heads/main\n")
    assert revision_of(file) == ""  # nothing was ever committed
    (tmp_path / ".git" / "packed-refs").write_text(f"# pack-refs\n{TWO} refs/heads/main\n^{ONE}\n")
    assert revision_of(file) == TWO
    (tmp_path / ".git" / "refs" / "heads" / "main").write_text(f"{ONE}\n")
    assert revision_of(file) == ONE


def test_revision_is_that_of_a_detached_head(tmp_path: Path) -> None:
    assert revision_of(tree(tmp_path, f"{ONE}\n")) == ONE


def test_revision_is_that_of_a_linked_work_tree(tmp_path: Path) -> None:
    tree(tmp_path, "ref: refs/heads/main\n")
    own = tmp_path / ".git" / "worktrees" / "second"
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/topic\n")
    (own / "commondir").write_text("../..\n")
    (tmp_path / ".git" / "refs" / "heads" / "topic").write_text(f"{TWO}\n")
    second = tmp_path / "second"
    second.mkdir()
    (second / ".git").write_text(f"gitdir: {own}\n")
    assert revision_of(second / "own.yaml") == TWO


@pytest.mark.parametrize("head", ["", "ref: refs/heads/../../../../etc/passwd\n", "nonsense", "ref:\n"])
def test_what_cannot_be_told_is_not_told(tmp_path: Path, head: str) -> None:
    assert revision_of(tree(tmp_path, head)) == ""
