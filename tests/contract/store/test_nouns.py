"""Positions, snapshots, evaluations, links, pauses, incidents set aside, mappings seen, heartbeats."""

from datetime import timedelta

import pytest

from connector.model import Link, Lookup, Position, Revision, SetAside
from connector.store import (
    Store,
    evaluations,
    heartbeats,
    links,
    mappings_seen,
    pauses,
    positions,
    set_asides,
    snapshots,
)
from connector.store.evaluations import Evaluation
from connector.store.links import Linked
from connector.store.pauses import Pause
from tests.support.states import START, State, incident, key, link


def at(raw: str) -> Position:
    return Position(Revision.parse(raw))


class TestPositions:
    async def test_a_position_keeps_the_vendors_text(self, store: Store) -> None:
        await store.write(lambda tx: positions.put(tx, "a", at("2026-03-04T09:10:44.2333333Z"), "2026-01-01"))
        assert await store.read(lambda tx: positions.get(tx, "a")) == at("2026-03-04T09:10:44.2333333Z")
        assert await store.read(lambda tx: positions.get(tx, "b")) is None

    async def test_moving_keeps_where_the_first_poll_began(self, store: Store, state: State) -> None:
        begin = "2026-01-01T00:00:00Z"
        await store.write(lambda tx: positions.put(tx, "a", at("2026-03-04T09:00:00Z"), begin))
        state.clock.turn(minutes=1)
        await store.write(
            lambda tx: positions.put(tx, "a", at("2026-03-04T09:05:00Z"), "2026-02-02T00:00:00Z")
        )
        (moved,) = await store.read(positions.every)
        assert (moved.source, moved.position, moved.start) == ("a", at("2026-03-04T09:05:00Z"), begin)
        assert moved.moved_at == START + timedelta(minutes=1)
        assert await store.read(lambda tx: positions.start(tx, "a")) == at(begin)
        assert await store.read(lambda tx: positions.start(tx, "b")) is None


class TestSnapshots:
    async def test_the_latest_is_found_for_many_at_once(self, store: Store) -> None:
        many = [incident(number, second=number) for number in range(1, 1001)]
        await store.write(lambda tx: snapshots.add(tx, many, keep=3))
        keys = [each.key for each in many] + [key("none")]
        found = await store.read(lambda tx: snapshots.latest(tx, keys))
        assert {each.key: (each.revision, each.content, each.snapshot) for each in many} == {
            its: (stored.revision, stored.content, stored.body) for its, stored in found.items()
        }

    async def test_history_is_bounded_and_oldest_first(self, store: Store) -> None:
        for second in range(6):
            one = incident(second=second, title=f"title {second}")
            await store.write(lambda tx, one=one: snapshots.add(tx, [one], keep=2))  # type: ignore[misc]  # a default binds the loop's value
        kept = await store.read(lambda tx: snapshots.history(tx, key()))
        assert [each.body["title"] for each in kept] == ["title 3", "title 4", "title 5"]
        latest = await store.read(lambda tx: snapshots.latest(tx, [key()]))
        assert latest[key()] == kept[-1]

    async def test_several_revisions_of_one_incident_in_one_page(self, store: Store) -> None:
        page = [incident(second=n, title=str(n)) for n in (2, 0, 1)]
        await store.write(lambda tx: snapshots.add(tx, page, keep=0))
        kept = await store.read(lambda tx: snapshots.history(tx, key()))
        assert [each.body["title"] for each in kept] == ["2"]

    @pytest.mark.parametrize(
        ("second", "title", "kept"),
        [
            (5, "first", ["first"]),  # read again by the overlap
            (4, "late", ["first"]),  # a replica of the source that lags behind
            (5, "other", ["first", "other"]),  # the vendor changed content without moving the time
            (6, "first", ["first", "first"]),
        ],
    )
    async def test_only_news_is_stored(self, store: Store, second: int, title: str, kept: list[str]) -> None:
        await store.write(lambda tx: snapshots.add(tx, [incident(second=5, title="first")], keep=9))
        await store.write(lambda tx: snapshots.add(tx, [incident(second=second, title=title)], keep=9))
        stored = await store.read(lambda tx: snapshots.history(tx, key()))
        assert [each.body["title"] for each in stored] == kept

    async def test_the_latest_comes_with_the_one_before_it(self, store: Store) -> None:
        for number, revisions in ((1, 3), (2, 1)):
            for second in range(revisions):
                one = incident(number, second=second, title=f"title {second}")
                await store.write(lambda tx, one=one: snapshots.add(tx, [one], keep=5))  # type: ignore[misc]  # a default binds the loop's value
        found = await store.read(lambda tx: snapshots.recent(tx, [key(1), key(2), key(3)]))
        titles = {its: [each.body["title"] for each in stored] for its, stored in found.items()}
        assert titles == {key(1): ["title 2", "title 1"], key(2): ["title 0"]}

    async def test_erasing_takes_one_incident_and_leaves_the_others(self, store: Store) -> None:
        await store.write(lambda tx: snapshots.add(tx, [incident(1), incident(2)], keep=1))
        assert await store.write(lambda tx: snapshots.erase(tx, key(1))) == 1
        assert (await store.read(lambda tx: snapshots.latest(tx, [key(1), key(2)]))).keys() == {key(2)}


class TestEvaluations:
    async def test_the_newest_replaces_the_one_before_under_its_route_alone(self, store: Store) -> None:
        old, new = Evaluation(1, "c1", "m", "created"), Evaluation(2, "c2", "m", "updated")
        await store.write(lambda tx: evaluations.put(tx, "soc", {key(1): old, key(2): old}))
        await store.write(lambda tx: evaluations.put(tx, "soc", {key(1): new}))
        await store.write(lambda tx: evaluations.put(tx, "dev", {key(1): old}))
        found = await store.read(lambda tx: evaluations.get(tx, "soc", [key(1), key(2), key(3)]))
        assert found == {key(1): new, key(2): old}

    async def test_nothing_asked_nothing_found(self, store: Store) -> None:
        assert await store.read(lambda tx: evaluations.get(tx, "soc", [])) == {}
        await store.write(lambda tx: evaluations.put(tx, "soc", {}))


class TestLinks:
    async def test_everything_in_a_link_comes_back(self, store: Store) -> None:
        full = Link(
            external_id="id",
            number="INC1",
            url="https://snow.test/1",
            applied={"a": "x", "b": 3, "c": True, "d": None, "e": Lookup("sys_user", ("email",), "x@y.test")},
            tags=("one", "two"),
            version="etag",
            remote={"etag": "e", "score": 0.5, "list": [None]},
            stale=True,
            generation=2,
        )
        await store.write(lambda tx: links.put(tx, [Linked("soc", key(), "snow", full)]))
        assert await store.read(lambda tx: links.get(tx, "soc", [key(), key(2)])) == {key(): full}
        assert await store.read(lambda tx: links.get(tx, "other", [key()])) == {}

    async def test_records_are_known_by_route_where_the_route_keeps_them_now(self, store: Store) -> None:
        rows = [
            Linked("soc", key(1), "snow", link(1)),
            Linked("dev", key(1), "sentinel", link(2)),
            Linked("moved", key(1), "old", link(3)),
            Linked("gone", key(1), "snow", link(4)),
            Linked("soc", key(9), "snow", link(9)),
        ]
        await store.write(lambda tx: links.put(tx, rows))
        targets = {"soc": "snow", "dev": "sentinel", "moved": "new"}
        found = await store.read(lambda tx: links.records(tx, targets, [key(1), key(2)]))
        assert {place: each.number for place, each in found.items()} == {
            ("soc", key(1)): "INC1",
            ("dev", key(1)): "INC2",
        }

    async def test_links_are_counted_by_target(self, store: Store) -> None:
        rows = [Linked("soc", key(1), "snow", link(1)), Linked("dev", key(1), "sentinel", link(2))]
        await store.write(lambda tx: links.put(tx, rows))
        assert await store.read(lambda tx: [links.count(tx), links.count(tx, "snow")]) == [2, 1]
        assert await store.read(lambda tx: [links.any_for(tx, "snow"), links.any_for(tx, "else")]) == [
            True,
            False,
        ]
        assert await store.read(lambda tx: links.of_incident(tx, key(1))) == [rows[1], rows[0]]


async def test_a_pause_keeps_its_beginning(store: Store) -> None:
    later = START + timedelta(hours=1)
    await store.write(lambda tx: pauses.put(tx, Pause("snow", "401", START)))
    await store.write(lambda tx: pauses.put(tx, Pause("snow", "still 401", later, until=later)))
    expected = Pause("snow", "still 401", START, until=later)
    assert await store.read(lambda tx: (pauses.get(tx, "snow"), pauses.every(tx))) == (expected, [expected])
    assert await store.write(lambda tx: [pauses.clear(tx, "snow"), pauses.clear(tx, "snow")]) == [True, False]
    assert await store.read(lambda tx: pauses.get(tx, "snow")) is None


async def test_an_incident_set_aside_keeps_its_beginning(store: Store, state: State) -> None:
    await store.write(lambda tx: set_asides.put(tx, "a", [SetAside("7", "no id"), SetAside("8", "no date")]))
    state.clock.turn(minutes=5)
    await store.write(lambda tx: set_asides.put(tx, "a", [SetAside("7", "still no id", "r2")]))
    await store.write(lambda tx: set_asides.put(tx, "b", [SetAside("7", "other tenant")]))
    kept = await store.read(lambda tx: set_asides.every(tx, "a"))
    assert [(each.set_aside, each.since) for each in kept] == [
        (SetAside("7", "still no id", "r2"), START),
        (SetAside("8", "no date"), START),
    ]
    assert await store.write(lambda tx: set_asides.clear(tx, "a", ["7", "9"])) == 1
    assert [each.source for each in await store.read(set_asides.every)] == ["a", "b"]


async def test_a_mapping_is_remembered_as_it_was_first_seen(store: Store, state: State) -> None:
    await store.write(lambda tx: mappings_seen.put(tx, "h1", "soc", "text"))
    state.clock.turn(days=1)
    await store.write(lambda tx: mappings_seen.put(tx, "h1", "renamed", "text"))
    await store.write(lambda tx: mappings_seen.put(tx, "h2", "soc", "other"))
    first = await store.read(lambda tx: mappings_seen.get(tx, "h1"))
    assert first is not None
    assert (first.name, first.text, first.first_seen) == ("soc", "text", START)
    assert [each.hash for each in await store.read(mappings_seen.every)] == ["h1", "h2"]
    assert await store.read(lambda tx: mappings_seen.get(tx, "h3")) is None


async def test_the_last_sign_of_life_counts(store: Store) -> None:
    later = START + timedelta(seconds=9)
    await store.write(lambda tx: heartbeats.beat(tx, "daemon", START, {"pid": 1}))
    await store.write(lambda tx: heartbeats.beat(tx, "daemon", later))
    beat = (await store.read(heartbeats.every))["daemon"]
    assert (beat.at, beat.data) == (later, None)
