"""The way through a list that moves, is full of ties or unsorted; page sizes; and where the first poll begins."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connector.errors import TransientError
from connector.model import Revision
from connector.sources import GraphSettings
from connector.sources.course import MOST_PAGES, Course, Step
from connector.sources.pagesize import PageSize


def walk(ticks: Sequence[int], size: int, *, shuffle: Any = None) -> tuple[list[int], list[int], int]:
    """Read a list of rows with these times to its end; returns rows in the order read, positions, and pages."""
    rows = sorted(range(len(ticks)), key=lambda row: ticks[row])
    course, seen, positions, pages = Course(Revision.at(0)), dict.fromkeys(rows[:0]), list[int](), 0
    while True:
        pages += 1
        low, skip = (int(part) for part in (course.link or f"{course.low.ticks}:0").split(":"))
        found = [row for row in rows if ticks[row] >= low]
        page = found[skip : skip + size]
        if shuffle is not None:
            shuffle(page)
        fresh = [row for row in page if row not in seen]
        seen.update(dict.fromkeys(fresh))
        link = f"{low}:{skip + size}" if len(found) > skip + size else ""
        step = course.step([Revision.at(ticks[row]) for row in page], link, fresh=len(fresh))
        if step.position is not None:
            positions.append(step.position.ticks)
        if step.last:
            return list(seen), positions, pages


times = st.lists(st.integers(0, 12), max_size=60)


@given(times, st.integers(1, 9))
def test_every_row_is_read_in_order_and_the_position_ends_at_the_last(ticks: list[int], size: int) -> None:
    seen, positions, _ = walk(ticks, size)
    assert [ticks[row] for row in seen] == sorted(ticks)
    assert positions == sorted(positions)
    assert positions[-1:] == sorted(ticks)[-1:]


@given(times, st.integers(1, 9), st.randoms(use_true_random=False))
def test_every_row_of_an_unsorted_list_is_read(ticks: list[int], size: int, chance: Any) -> None:
    seen, positions, _ = walk(ticks, size, shuffle=chance.shuffle)
    assert sorted(seen) == list(range(len(ticks)))
    assert positions == sorted(positions)


def test_without_ties_one_row_a_page_is_read_twice() -> None:
    assert walk(range(1, 41), 10)[2] == 5


def test_a_position_is_never_past_a_page_that_was_not_read() -> None:
    course = Course(Revision.at(0))
    assert course.step([Revision.at(5), Revision.at(3)], "a", fresh=2) == Step(None)
    assert course.step([Revision.at(9)], "b", fresh=1) == Step(None)
    assert course.step([Revision.at(4)], "", fresh=1) == Step(Revision.at(5), last=True)


@pytest.mark.parametrize("times", [[], [Revision.at(0)]])
def test_pages_that_lead_nowhere_are_followed_but_not_for_ever(times: list[Revision]) -> None:
    course = Course(Revision.at(0))
    for number in range(MOST_PAGES - 1):
        assert not course.step(times, f"link {number}", fresh=0).last
    with pytest.raises(TransientError, match="pages"):
        course.step(times, "one more link", fresh=0)


def test_a_long_sweep_ends_where_the_next_can_go_on() -> None:
    course = Course(Revision.at(0))
    steps = [course.step([Revision.at(number + 1)], "more", fresh=1) for number in range(MOST_PAGES)]
    assert [step.last for step in steps] == [False] * (MOST_PAGES - 1) + [True]
    assert steps[-1].position == Revision.at(MOST_PAGES)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("The limit of '20' for $top has been exceeded.", 20),
        ("400: $top must be between 1 and 25", 25),
        ("$top is too large", 25),
        ("Invalid page size 50", 25),
        ("The limit of '1000' for $top", 25),
    ],
)
def test_a_refused_size_teaches(message: str, expected: int) -> None:
    size = PageSize(50)
    assert size.refused(message)
    assert (size.now, size.most) == (expected, expected)


@pytest.mark.parametrize(("message", "size"), [("Invalid filter clause", 50), ("$top", 1)])
def test_other_refusals_do_not(message: str, size: int) -> None:
    assert not PageSize(size).refused(message)


def test_a_size_halves_and_recovers() -> None:
    size = PageSize(50)
    for expected in (25, 12, 6, 3, 1, 1):
        size.halve()
        assert (size.now, size.is_reduced) == (expected, True)
    for expected in (2, 4, 8, 16, 32, 50, 50):
        size.grow()
        assert size.now == expected
    assert not size.is_reduced


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINIMAL: dict[str, Any] = {
    "name": "contoso",
    "type": "graph",
    "tenant_id": "tenant",
    "start": "now",
    "auth": {"type": "client_secret", "client_id": "app", "client_secret": {"env": "S"}},
}


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("now", "2026-03-01T12:00:00Z"),
        ("30d", "2026-01-30T12:00:00Z"),
        ("90s", "2026-03-01T11:58:30Z"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00Z"),
    ],
)
def test_where_the_first_poll_begins(start: str, expected: str) -> None:
    settings = GraphSettings.model_validate({**MINIMAL, "start": start})
    assert settings.start_at(NOW).ticks == Revision.parse(expected).ticks


@pytest.mark.parametrize("start", ["", "yesterday", "30", "2026-13-01", None])
def test_no_first_poll_begins_by_accident(start: str | None) -> None:
    with pytest.raises(ValidationError):
        GraphSettings.model_validate({**MINIMAL, "start": start})
    with pytest.raises(ValidationError, match="start"):
        GraphSettings.model_validate({name: value for name, value in MINIMAL.items() if name != "start"})


def test_credentials_take_the_sources_tenant_unless_they_name_one() -> None:
    assert GraphSettings.model_validate(MINIMAL).auth.model_dump()["tenant_id"] == "tenant"
    own = {**MINIMAL, "auth": {**MINIMAL["auth"], "tenant_id": "other"}}
    assert GraphSettings.model_validate(own).auth.model_dump()["tenant_id"] == "other"


@pytest.mark.parametrize("extra", [{"poll": {"every": "0s"}}, {"poll": {"page_size": 0}}, {"colour": "red"}])
def test_settings_that_make_no_sense_are_refused(extra: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GraphSettings.model_validate({**MINIMAL, **extra})
