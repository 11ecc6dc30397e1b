"""Files that a configuration names are found beside it, wherever the program was started."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.config import load
from connector.http import BasicAuth
from tests.docs.pages import ROOT


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is not the one we are in."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def _written(folder: Path, **changes: Any) -> Path:
    config = yaml.safe_load((ROOT / "config.example.yaml").read_text(encoding="utf-8"))
    config["targets"][1] |= changes
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def _password(file: str) -> dict[str, Any]:
    return {"type": "basic", "username": "u", "password": {"file": file}}


def test_secret_beside_the_configuration(elsewhere: Path) -> None:
    (elsewhere / "password").write_text("not-a-secret", encoding="utf-8")
    auth = load(_written(elsewhere, auth=_password("password"))).settings.targets[1].auth
    assert isinstance(auth, BasicAuth)
    assert auth.password.read() == "not-a-secret"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("own/ca.pem", "own/ca.pem"), ("../ca.pem", "../ca.pem"), ("/etc/ca.pem", "/etc/ca.pem")],
)
def test_authorities_are_relative_to_the_configuration(elsewhere: Path, written: str, meant: str) -> None:
    settings = load(_written(elsewhere, ca_file=written)).settings
    assert settings.targets[1].ca_file == elsewhere / meant


def test_configuration_named_without_a_folder(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _written(elsewhere, ca_file="ca.pem")
    monkeypatch.chdir(elsewhere)
    assert load(Path("config.yaml")).settings.targets[1].ca_file == Path("ca.pem")
