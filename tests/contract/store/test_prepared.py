"""Statements that are run for many rows."""

from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import InvalidRequestError

from connector.store import Store, Tx
from connector.store.prepared import Each
from connector.store.tables import heartbeats, pauses
from tests.support.states import START

_ADD = Each(insert(pauses))
_PAUSE = Each(
    update(pauses)
    .where(pauses.c.target == bindparam("of_target"), pauses.c.reason != "kept")
    .values(reason=bindparam("why"), until=None)
)


def stored(tx: Tx) -> dict[str, tuple[Any, ...]]:
    rows = tx.connection.execute(select(pauses))
    return {row.target: (row.reason, row.since, row.until) for row in rows}


def paused(target: str, reason: str = "old") -> dict[str, Any]:
    return {"target": target, "reason": reason, "since": START, "until": START}


async def test_each_row_meets_its_own_values_and_those_of_the_statement(store: Store) -> None:
    def work(tx: Tx) -> dict[str, tuple[Any, ...]]:
        _ADD(tx, [paused("a"), paused("b", "kept"), paused("c")])
        _PAUSE(tx, [{"of_target": "a", "why": "100 %"}, {"of_target": "b", "why": "new"}])
        return stored(tx)

    assert await store.write(work) == {
        "a": ("100 %", START, None),
        "b": ("kept", START, START),
        "c": ("old", START, START),
    }


@pytest.mark.parametrize("rows", [0, 1, 3])
async def test_any_number_of_rows_is_written(store: Store, rows: int) -> None:
    names = [str(number) for number in range(rows)]

    def work(tx: Tx) -> list[str]:
        _ADD(tx, [paused(name) for name in names])
        return sorted(stored(tx))

    assert await store.write(work) == names


async def test_rows_may_name_other_columns_the_next_time(store: Store) -> None:
    def work(tx: Tx) -> dict[str, tuple[Any, ...]]:
        _ADD(tx, [paused("a")])
        _ADD(tx, [{"target": "b", "reason": "no end", "since": START}])
        return stored(tx)

    assert await store.write(work) == {"a": ("old", START, START), "b": ("no end", START, None)}


async def test_json_comes_back(store: Store) -> None:
    add = Each(insert(heartbeats))
    data = {"é": [1, None, {"%s": "%(x)s ?"}]}

    def work(tx: Tx) -> Any:
        add(tx, [{"name": "a", "at": START, "data": data}])
        return tx.connection.scalar(select(heartbeats.c.data))

    assert await store.write(work) == data


async def test_a_row_without_a_parameter_is_refused(store: Store) -> None:
    with pytest.raises(InvalidRequestError, match="why"):
        await store.write(lambda tx: _PAUSE(tx, [{"of_target": "a"}]))
