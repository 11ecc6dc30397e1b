"""Which values a complaint keeps to itself: those under telling keys, and those of models that ask for it."""

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from connector.errors import ConfigError
from connector.yamlsource import load, sounds_secret, validate


class Reference(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    place: str


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    certificate: Reference | None = None
    others: list[Reference] = []
    count: int = 0
    api_key: int = 0
    passwords: dict[str, int] = {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("certificate: hidden", "1:14 certificate: must be a mapping of keys to values, not text"),
        ("certificate: 4711", "1:14 certificate: must be a mapping of keys to values, not a number"),
        ("certificate: {place: 4711}", "1:22 certificate.place: must be text, not a number"),
        ("certificate: {place: true}", "1:22 certificate.place: must be text, not true or false"),
        ("certificate: {place: [hidden]}", "1:22 certificate.place: must be text, not a list"),
        ("certificate: {place: }", "1:21 certificate.place: must be text, not empty"),
        ("certificate: {place: x, hidden: }", "1:25 certificate: unknown key; use one of place"),
        ("others: [{place: 4711}]", "1:18 others[0].place: must be text, not a number"),
        ("api_key: hidden", "1:10 api_key: must be a whole number, not text"),
        ("passwords: {kim: hidden}", "1:18 passwords.kim: must be a whole number, not text"),
        ("count: shown", "1:8 count: must be a whole number, not `shown`"),
    ],
)
def test_what_a_complaint_quotes(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(load(text, "f.yaml"), Entry)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"f.yaml:{complaint}")


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        *(
            (key, True)
            for key in ("password", "DB_PASSWD", "pwd", "clientSecret", "token", "apiKey", "api_key")
        ),
        *((key, False) for key in ("name", "keys_to_keep", "keyboard", 7, None)),
    ],
)
def test_which_keys_sound_like_secrets(key: Any, secret: bool) -> None:
    assert sounds_secret(key) is secret
