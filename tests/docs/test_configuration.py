"""What is said about the configuration: the example can be used as it is, and every setting is explained."""

import re
from pathlib import Path

import pytest

from connector.config import ConfigFile, load
from tests.docs.pages import PAGES, ROOT, name_of, quoted, text_of
from tests.docs.reference import Model, fields, introduction, kind_of, meaning_of, models, models_in, render

EXAMPLE = ROOT / "config.example.yaml"
SETTINGS = [(model, name) for model in models() for name, _ in fields(model)]
PATHS = sorted(
    {
        (name_of(page), words)
        for page in PAGES
        for words in quoted(page.read_text(encoding="utf-8"))
        if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", words) and words.partition(".")[0] in ConfigFile.model_fields
    }
)


def test_example_can_be_used_as_it_is() -> None:
    assert load(EXAMPLE).notices == ()


def test_example_does_not_need_the_folder_it_came_in(tmp_path: Path) -> None:
    copy = tmp_path / "config.yaml"
    copy.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    assert len(load(copy).routes) == 2


def test_what_the_example_offers_in_comments_can_be_used(tmp_path: Path) -> None:
    offered = re.compile(r"^( +)# ([a-z_]+: )", re.MULTILINE)
    text = EXAMPLE.read_text(encoding="utf-8")
    copy = tmp_path / "config.yaml"
    copy.write_text(offered.sub(r"\1\2", text), encoding="utf-8")
    assert offered.search(text) is not None
    assert load(copy).routes


@pytest.mark.parametrize(("model", "name"), SETTINGS, ids=lambda value: getattr(value, "__name__", value))
def test_setting_is_explained(model: Model, name: str) -> None:
    assert meaning_of(model.model_fields[name]) or (name == "type" and kind_of(model))


def test_page_says_what_the_models_say() -> None:
    text = text_of("docs/configuration.md")
    renewed = f"{introduction(text)}\n{render()}"
    assert text == renewed, "renew it with: make docs"


@pytest.mark.parametrize(("page", "path"), PATHS)
def test_setting_named_in_a_page_exists(page: str, path: str) -> None:
    known: list[Model] = [ConfigFile]
    for name in path.split("."):
        holders = [model for model in known if name in model.model_fields]
        assert holders, f"{page}: there is no setting {path}"
        known = [inner for model in holders for inner in models_in(model.model_fields[name].annotation)]
