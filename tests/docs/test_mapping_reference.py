"""The reference of the mapping language: fresh, complete, and true where it says what something gives."""

import pytest

from connector.mapping import load_mapping
from connector.mapping.filters import FILTERS
from connector.mapping.vocabulary import PROPERTIES
from connector.targets import catalogues
from tests.docs import mapping_words as words
from tests.docs.mapping_reference import PAGE, models, render, vocabularies
from tests.docs.pages import section
from tests.docs.reference import fields, introduction

TEXT = PAGE.read_text(encoding="utf-8")


def test_page_says_what_the_program_says() -> None:
    assert f"{introduction(TEXT)}\n{render()}" == TEXT, "renew it with: make docs"


def test_nothing_of_the_language_is_missing() -> None:
    keys = {field.alias or name for model in models() for name, field in fields(model)}
    for title, known in (("Keys", keys), ("Names", PROPERTIES), ("Filters", FILTERS)):
        assert [name for name in known if f"| `{name}` |" not in section(TEXT, title)] == []
    members = [word for vocabulary in vocabularies().values() for word in vocabulary.members]
    assert [word for word in members if f"| `{word}` |" not in section(TEXT, "Words")] == []
    held = section(TEXT, "Targets")
    for catalogue in catalogues().values():
        assert [name for name in catalogue.fields if f"| `{name}` |" not in held] == []


@pytest.mark.parametrize("name", words.OTHER_NAMES)
def test_other_names_can_be_used(name: str) -> None:
    real = {"NAME": "mine", "old.NAME": "old.status", "vars.NAME": "vars.team"}
    expression = real.get(name) or name.replace("NAME", "servicenow")
    each = "comments" if name.startswith("item.") else "devices"
    text = (
        "version: 1\nname: named\ntarget: servicenow\nlet: {mine: status == 'active'}\n"
        f'notes: [{{name: a, each: {each}, text: "{{{{ {expression} }}}}"}}]\n'
    )
    load_mapping(text, "named.yaml", catalogues=catalogues(), vars={"team": "SOC"})
