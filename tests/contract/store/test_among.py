"""The condition that a column's value is among many."""

from typing import Any

import pytest
from sqlalchemy import ColumnElement, Select, select

from connector.store import Store, Tx, evaluations, snapshots
from connector.store.among import among
from connector.store.evaluations import Evaluation
from connector.store.tables import audits, positions, wanted
from tests.support.states import State, incident, key


@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        (positions.c.source, ["b", 'quo"te', "missing"], ["b", 'quo"te']),
        (positions.c.source, ["c'; --", "é"], ["c'; --", "é"]),
        (positions.c.source, [], []),
        (positions.c.ticks, [2, 10**17], ['quo"te', "é"]),
    ],
)
async def test_texts_and_integers_are_found(
    store: Store, column: ColumnElement[Any], values: list[Any], found: list[str]
) -> None:
    def work(tx: Tx) -> list[str]:
        names = {"b": 1, 'quo"te': 2, "c'; --": 3, "é": 10**17}
        row = {"raw": "", "start": "", "moved_at": tx.now}
        tx.connection.execute(
            positions.insert(), [{"source": name, "ticks": ticks, **row} for name, ticks in names.items()]
        )
        query = select(positions.c.source).where(among(column, "values")).order_by(positions.c.ticks)
        return list(tx.connection.scalars(query, {"values": values}))

    assert await store.write(work) == found


async def test_incidents_of_several_tenants_are_asked_for_together(store: Store) -> None:
    keys = [key(1), key(1, "tenant-b"), key(2)]
    kept = {each: Evaluation(1, str(each), "mapping", "update") for each in keys}
    await store.write(lambda tx: evaluations.put(tx, "soc", kept))
    asked = [key(1), key(1, "tenant-b"), key(2, "tenant-b"), key(3)]
    found = await store.read(lambda tx: evaluations.get(tx, "soc", asked))
    assert found == {each: kept[each] for each in keys[:2]}


async def test_no_number_of_incidents_is_too_many(store: Store) -> None:
    await store.write(lambda tx: snapshots.add(tx, [incident(70_000)], keep=1))
    keys = [key(number) for number in range(70_001)]
    assert list(await store.read(lambda tx: snapshots.latest(tx, keys))) == [key(70_000)]


@pytest.mark.parametrize(
    "query",
    [
        select(wanted.c.record).where(among(wanted.c.id, "values")),
        select(audits.c.body).where(among(audits.c.seq, "values")),
        select(wanted.c.record).where(
            wanted.c.route == "", wanted.c.tenant == "", among(wanted.c.incident, "i")
        ),
    ],
)
async def test_sqlite_looks_values_up_and_never_walks_through_a_table(
    sqlite_url: str, query: Select[Any]
) -> None:
    def work(tx: Tx) -> list[str]:
        text = query.compile(dialect=tx.connection.dialect)
        nothing = tuple(None for _ in text.positiontup or ())
        plan = tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", nothing)
        return [row.detail for row in plan]

    state = State(sqlite_url)
    plan = await (await state.open()).read(work)
    await state.close()
    assert plan[0].startswith("SEARCH")
