"""Answers that are JSON and not what was documented: a delivery fails in words or succeeds, and makes no twins."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import httpx
import pytest

from connector.errors import ConnectorError
from connector.model import Mode
from tests.contract.targets.harness import Harness, changed, note
from tests.contract.targets.sentinel_harness import MicrosoftHarness

ODD: tuple[Any, ...] = (
    None,
    "",
    "x" * 70_000,
    0,
    -1,
    3.5,
    10**30,
    True,
    [],
    [None],
    {},
    {"value": None},
    "2026-13-45",
)
ODD += ("2026-01-05T08:00:00.1234567", "9999-99-99T00:00:00Z", "\ud800", "\x00", "unknownFutureValue")
NAMES = frozenset(
    {"name", "sys_id", "correlation_id", "providerIncidentId", "providerName"}
)  # what tells records apart


def spoiled(random: Random, at: int) -> Callable[[httpx.Request, Any], Any]:
    """Puts something odd into one answer, the one with the number `at`."""
    count = iter(range(1_000))

    def spoil(request: httpx.Request, body: Any) -> Any:  # the harness's signature
        return _with_odd(body, random) if next(count) == at else body

    return spoil


def _with_odd(body: Any, random: Random) -> Any:
    """The body with one member replaced, left out or said twice, however deep it is."""
    inner = [key for key in _keys(body) if key not in NAMES]
    if not inner:
        return random.choice(ODD)
    key = random.choice(inner)
    deeper = isinstance(body[key], dict | list) and random.random() < 0.8
    if deeper:
        body[key] = _with_odd(body[key], random)
    elif isinstance(body, list) and random.random() < 0.3:
        body.append(body[key])
    elif isinstance(body, dict) and random.random() < 0.3:
        del body[key]
    else:
        body[key] = random.choice(ODD)
    return body


def _keys(body: Any) -> list[Any]:
    if isinstance(body, dict):
        return list(body)
    return list(range(min(len(body), 3))) if isinstance(body, list) else []


@pytest.mark.parametrize("seed", range(4))
async def test_an_odd_answer_is_an_error_in_words_or_none_at_all(far: Harness, seed: int) -> None:
    random = Random(seed)
    for at in range(9):
        incident = f"{seed}{at}"
        delivery = far.delivery(incident, tags=("One",), notes=(note(),))
        far.arrange(delivery.key)
        before, target = len(far.held()), far.start()
        far.odd = spoiled(random, at)
        with suppress(ConnectorError):
            await target.open(first_use=True)
        with suppress(ConnectorError):
            await target.inspect([])  # type: ignore[attr-defined]  # every target of ours has it
        for attempt in (delivery, replace(delivery, in_doubt=True)):
            with suppress(ConnectorError):
                await target.prepare([attempt])
                receipt = await target.apply(attempt)
                json.dumps(receipt.link.remote, ensure_ascii=False).encode()
                careful = replace(delivery.record, modes={far.text_field: Mode.UNLESS_EDITED})
                later = replace(delivery, record=careful, link=receipt.link, token=f"later-{at}", notes=())
                await target.look([later])
                await target.apply(changed(later, **{far.text_field: "new"}))
        far.odd = None
        assert len(far.held()) <= before + far.creates


async def test_an_incident_that_comes_on_two_pages_is_one(tmp_path: Any) -> None:
    far = MicrosoftHarness(tmp_path)
    delivery = far.delivery()
    far.arrange(delivery.key)

    def twice(request: httpx.Request, body: Any) -> Any:
        if "value" not in body or "again" in str(request.url):
            return body
        return body | {"nextLink": f"{request.url}&again=1"}

    far.odd = twice
    target = far.start()
    await target.prepare([delivery])
    receipt = await target.apply(delivery)
    assert receipt.link.external_id == far.only().id
    assert len(far.reads()) >= 2
