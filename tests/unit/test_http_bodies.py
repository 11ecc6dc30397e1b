"""Bodies that Python's JSON parser refuses as a whole for the sake of one value, and what is kept of them."""

import json
from typing import Any

import httpx
import pytest

from connector.errors import RejectedError
from connector.http import Answer, BadAnswerError
from connector.http.body import DEEPEST, parsed
from tests.unit.http_far_side import FarSide

JSON = {"content-type": "application/json"}


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> FarSide:
    monkeypatch.setenv("PEER_SECRET", "not-a-secret")
    return FarSide()


def page(odd: str) -> bytes:
    """A page of three rows, of which the second holds an odd value."""
    return f'{{"value": [{{"id": "1"}}, {{"id": "2", "odd": {odd}, "n": 7}}, {{"id": "3"}}]}}'.encode()


def nested(levels: int, inner: str = "") -> str:
    return "[" * levels + inner + "]" * levels


def depth_of(value: Any) -> int:
    depth = 0
    while isinstance(value, list):
        depth, value = depth + 1, value[0] if value else None
    return depth


@pytest.mark.parametrize(
    "odd",
    [
        "9" * 5_000,
        "-" + "9" * 5_000,
        f"[{'9' * 5_000}, 1e999, {'9' * 5_000}.5]",
        nested(5_000),
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        nested(5_000, "9" * 5_000),
        nested(5_000, r'"]]\"}}\\", {"[": "}"}'),
        f'[{nested(2_000)}, "[[[", {nested(2_000)}]',
    ],
    ids=["integer", "negative", "numbers", "lists", "objects", "both", "brackets in texts", "twice"],
)
async def test_one_odd_value_costs_no_page(far: FarSide, odd: str) -> None:
    far.replies = [httpx.Response(200, content=page(odd), headers=JSON)]
    data: Any = (await far.peer().request("GET", "/x", operation="x")).data
    assert [row["id"] for row in data["value"]] == ["1", "2", "3"]
    assert data["value"][1]["n"] == 7


def test_an_endless_integer_is_text_and_its_neighbours_stay_numbers() -> None:
    endless = "9" * 5_000
    assert parsed(f"[{endless}, {2**70}, -1]".encode()) == [endless, 2**70, -1]


def test_what_is_nested_too_deep_is_null_from_there_on() -> None:
    first, second = parsed(f'[{nested(5_000)}, "kept"]'.encode())
    assert (depth_of(first), second) == (DEEPEST - 1, "kept")


def test_what_the_parser_can_hold_is_not_touched() -> None:
    text = nested(DEEPEST + 300)
    assert parsed(text.encode()) == json.loads(text)


def test_odd_values_among_bytes_that_are_no_text() -> None:
    body = b'\xef\xbb\xbf{"a": "\xff", "b": ' + b"9" * 5_000 + b', "c": ' + nested(5_000).encode() + b"}"
    assert parsed(body)["a"] == "\udcff"


@pytest.mark.parametrize(
    "text",
    ["[" * 5_000, nested(5_000) + "]", "[" * 5_000 + '"]', nested(5_000)[:-1]],
    ids=["open", "closed twice", "open text", "one open"],
)
async def test_what_is_no_json_stays_none(far: FarSide, text: str) -> None:
    far.replies = [httpx.Response(200, text=text, headers=JSON)]
    with pytest.raises(BadAnswerError, match="not JSON"):
        await far.peer().request("GET", "/x", operation="x", attempts=1)


@pytest.mark.parametrize("message", ["9" * 5_000, nested(5_000), nested(950)], ids=["integer", "cut", "deep"])
async def test_an_error_that_says_odd_things_is_an_error_like_others(far: FarSide, message: str) -> None:
    body = f'{{"error": {{"code": "BadRequest", "message": {message}}}}}'
    far.replies = [httpx.Response(400, text=body, headers=JSON)]
    with pytest.raises(RejectedError, match="BadRequest") as caught:
        await far.peer().request("GET", "/x", operation="x")
    assert len(str(caught.value)) < 1_000


def test_an_error_nested_as_deep_as_the_stack_says_nothing() -> None:
    message: Any = "end"
    for _ in range(5_000):
        message = [message]
    assert str(Answer(400, {}, {"error": {"code": "c", "message": message}}).complaint()) == "c"
