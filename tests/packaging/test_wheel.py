"""What a user installs: every file of the package, the shipped mappings, the command."""

import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True)
    (path,) = folder.glob("*.whl")
    with ZipFile(path) as opened:
        yield opened


def files_under(folder: Path) -> set[PurePosixPath]:
    return {
        PurePosixPath(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def packaged(wheel: ZipFile, under: str) -> set[PurePosixPath]:
    names = (PurePosixPath(name) for name in wheel.namelist())
    return {name.relative_to(under) for name in names if name.is_relative_to(under)}


def test_every_file_of_the_package_is_in_the_wheel(wheel: ZipFile) -> None:
    own = {path for path in packaged(wheel, "connector") if not path.is_relative_to("_shipped")}
    assert own == files_under(ROOT / "connector")


@pytest.mark.parametrize(
    ("folder", "ending"), [("connector/mocks/scenarios", ".yaml"), ("connector/store/migrations", ".py")]
)
def test_data_the_program_loads_by_path_is_in_the_wheel(wheel: ZipFile, folder: str, ending: str) -> None:
    assert [path for path in packaged(wheel, folder) if path.suffix == ending]


def test_mappings_travel_inside_the_package(wheel: ZipFile) -> None:
    shipped = packaged(wheel, "connector/_shipped/mappings")
    assert shipped == files_under(ROOT / "mappings")
    assert shipped


def test_nothing_else_is_installed(wheel: ZipFile) -> None:
    tops = {PurePosixPath(name).parts[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"connector"}


def test_the_command_is_installed(wheel: ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    entries = ConfigParser()
    entries.read_string(wheel.read(name).decode())
    assert entries["console_scripts"]["xdr-connector"] == "connector.cli:main"


def test_the_readme_is_its_description(wheel: ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert wheel.read(name).decode().endswith(readme)
