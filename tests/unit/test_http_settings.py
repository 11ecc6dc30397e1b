"""Settings of peers: durations, secret references and what is refused while the configuration is read."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from connector.errors import AuthError
from connector.http import (
    AnyAuth,
    BasicAuth,
    ClientSecretAuth,
    Duration,
    PeerSettings,
    Secret,
    Timeouts,
    format_duration,
    parse_duration,
)
from connector.http.secret import SecretReader


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("90s", 90), ("15m", 900), ("4h", 14_400), ("2d", 172_800)]
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert parse_duration(format_duration(parse_duration(text))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "5", "5 m", "-5m", "1.5h", "5M", "999999999d", 60, None])
def test_what_is_no_duration_is_refused_with_the_form_expected(value: Any) -> None:
    with pytest.raises(ValidationError, match="duration"):
        TypeAdapter(Duration).validate_python(value)


def test_a_duration_is_written_as_it_is_read() -> None:
    assert Timeouts(total=timedelta(minutes=2)).model_dump()["total"] == "2m"


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.example",
        "graph.example",
        "ftp://graph.example",
        "https://user:x@graph.example",
        "https://graph.example/?a=b",
        "http://127.0.0.1.example",
        "http://localhost.example",
    ],
)
def test_unsafe_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        PeerSettings(base_url=url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost/x/", "http://[::1]:1", "https://a.b"]
)
def test_safe_addresses_are_taken(url: str) -> None:
    assert PeerSettings(base_url=url).base_url == url.rstrip("/")


def test_verification_is_switched_off_for_loopback_only() -> None:
    assert not PeerSettings(base_url="https://127.0.0.1", verify=False).verify
    with pytest.raises(ValidationError, match="ca_file"):
        PeerSettings(base_url="https://graph.example", verify=False)


class PeerWithAuth(PeerSettings):
    """A peer as sources and targets have it."""

    auth: AnyAuth


BASIC = {"type": "basic", "username": "u", "password": {"env": "S"}}
ENTRA = {"type": "client_secret", "tenant_id": "t", "client_id": "c", "client_secret": {"env": "S"}}
OAUTH2 = {"type": "oauth2", "client_id": "c", "client_secret": {"env": "S"}}
UNVERIFIED = {"base_url": "https://127.0.0.1", "verify": False}


@pytest.mark.parametrize(
    ("peer", "place"),
    [
        ({"auth": ENTRA}, "auth.authority"),
        ({"auth": {**ENTRA, "authority": "https://login.example"}}, "auth.authority"),
        ({"auth": {**OAUTH2, "token_url": "https://login.example/token"}}, "auth.token_url"),
        ({"auth": BASIC, "proxy": "https://proxy.example"}, "proxy"),
    ],
)
def test_verification_stays_on_where_credentials_go_elsewhere(peer: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError, match=f"not with {place} elsewhere"):
        PeerWithAuth.model_validate(UNVERIFIED | peer)
    assert PeerWithAuth.model_validate(UNVERIFIED | peer | {"verify": True}).verify


@pytest.mark.parametrize(
    "peer",
    [
        {"auth": {**ENTRA, "authority": "https://localhost:8443"}},
        {"auth": {**OAUTH2, "token_url": "https://[::1]/token"}},
        {"auth": BASIC, "proxy": "http://127.0.0.1:3128"},
    ],
)
def test_verification_may_be_off_where_every_address_is_this_machine(peer: dict[str, Any]) -> None:
    assert not PeerWithAuth.model_validate(UNVERIFIED | peer).verify


@pytest.mark.parametrize("connections", [0, 9])
def test_connections_are_few(connections: int) -> None:
    with pytest.raises(ValidationError):
        PeerSettings(base_url="https://a.b", connections=connections)


def test_credentials_of_a_proxy_need_a_proxy_and_no_place_in_its_address() -> None:
    login = BasicAuth(type="basic", username="u", password=Secret(env="P"))
    both = PeerSettings(base_url="https://a.b", proxy="http://proxy:3128", proxy_auth=login)
    assert both.proxy_auth == login
    with pytest.raises(ValidationError):
        PeerSettings(base_url="https://a.b", proxy_auth=login)
    with pytest.raises(ValidationError):
        PeerSettings(base_url="https://a.b", proxy="http://u:p@proxy:3128")


def test_client_credentials_name_a_tenant() -> None:
    with pytest.raises(ValidationError, match="tenant_id"):
        ClientSecretAuth(type="client_secret", client_id="c", client_secret=Secret(env="S"))


@pytest.mark.parametrize("value", ["plain", {}, {"env": "A", "file": "/b"}, {"value": "x"}, {"env": ""}])
def test_a_secret_is_one_reference(value: Any) -> None:
    with pytest.raises(ValidationError):
        Secret.model_validate(value)


def test_a_secret_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret(env="SOME_SECRET")
    with pytest.raises(AuthError, match="environment variable SOME_SECRET"):
        secret.read()
    monkeypatch.setenv("SOME_SECRET", "first")
    reader = SecretReader(secret)
    assert reader.read() == "first"
    monkeypatch.setenv("SOME_SECRET", "second")
    assert reader.read() == "second"


@pytest.mark.parametrize(
    ("content", "expected"), [(b"x\n", "x"), (b"x\r\n", "x"), (b" x \n\n", " x \n"), (b"x", "x")]
)
def test_a_secret_from_a_file_loses_one_line_break(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "s").write_bytes(content)
    assert Secret(file=tmp_path / "s").read() == expected


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_secret_that_cannot_be_used_names_its_file(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "some_secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AuthError, match="some_secret"):
        Secret(file=path).read()


def test_a_rotated_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("first")
    reader = SecretReader(Secret(file=path))
    assert reader.read() == "first"
    (tmp_path / "new").write_text("second, longer")
    (tmp_path / "new").rename(path)
    assert reader.read() == "second, longer"


def test_nothing_shows_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "not-to-be-seen")
    auth = BasicAuth(type="basic", username="u", password=Secret(env="SOME_SECRET"))
    auth.password.read()
    assert "not-to-be-seen" not in repr(auth) + str(auth) + auth.model_dump_json()
    assert "SOME_SECRET" in repr(auth)
