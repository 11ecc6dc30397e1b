"""The reference: its YAML loads, and its lists are those of the code."""

import re
from pathlib import Path
from typing import Any

import pytest

from connector.config import read_mapping
from connector.mapping import load_mapping
from connector.mapping.filters import FILTERS
from connector.mapping.vocabulary import ENUMS, PROPERTIES
from tests.unit.mapping.conftest import CATALOGUES

PAGE = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
HEAD = "version: 1\nname: block\ntarget: servicenow\n"
VARS: dict[str, Any] = {"pci_group": "SOC-PCI", "zone": "Europe/Zurich"}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_is_a_mapping(block: str) -> None:
    text = block if block.startswith("version:") else HEAD + block

    load_mapping(text, "mappings.md", catalogues=CATALOGUES, vars=VARS, read=read_mapping)


def test_every_name_filter_and_word_is_there() -> None:
    named = set(re.findall(r"`([A-Za-z]+)", PAGE))

    assert set(PROPERTIES) <= named
    assert set(FILTERS) <= named
    for vocabulary in ENUMS.values():
        assert set(vocabulary.members) <= named
