"""docs/mappings.md: every block of YAML is a mapping, and its examples come out as they say."""

import re
from typing import Any

import pytest

from connector.config import read_mapping
from connector.mapping import load_mapping
from connector.targets import catalogues
from tests.docs.pages import text_of

PAGE = text_of("docs/mappings.md")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
HEAD = "version: 1\nname: block\ntarget: servicenow\n"
VARS: dict[str, Any] = {"pci_group": "SOC-PCI", "zone": "Europe/Zurich", "site": "ZRH"}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_is_a_mapping(block: str) -> None:
    text = block if block.startswith("version:") else HEAD + block

    load_mapping(text, "mappings.md", catalogues=catalogues(), vars=VARS, read=read_mapping)


def test_blocks_are_of_kinds_that_are_run() -> None:
    """YAML here; screens, and the incident that they explain, in test_screens."""
    assert set(re.findall(r"^```(\w+)$", PAGE, re.MULTILINE)) == {"yaml", "console", "json"}
