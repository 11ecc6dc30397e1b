"""Mapping files that extend one another, without a folder on a disk."""

from typing import Any

import pytest

from connector.errors import ConfigError
from connector.mapping import CompiledMapping, load_mapping
from tests.unit.mapping.conftest import CATALOGUES

HEAD = "version: 1\nname: {}\ntarget: servicenow\n"
BASE = """\
let:
  over: status in ['resolved', 'redirected']
  title: "{{ displayName }}"
scope:
  - {id: quiet, exclude_when: severity == 'informational', reason: triaged in the portal}
create_when: not over
fields:
  short_description: "{{ title }}"
  category: security
decisions:
  - id: routing
    given: [severity]
    set: [assignment_group]
    rows: [[high, "{{ vars.group }}"]]
    otherwise: [SOC]
tags:
  into: note
  add:
    - {tag: Defender}
    - {tag: "{{ item }}", each: systemTags}
    - {tag: Vip, when: "'vip' in customTags"}
notes:
  - {name: comment, each: comments, text: "{{ item.comment }}"}
examples:
  - {name: in the base, incident: {}, expect: {fields: {category: this is the base's own business}}}
"""


class Folder:
    """Mapping files that are in no folder, and what was read of them."""

    def __init__(self, **bodies: str) -> None:
        self.texts = {
            f"{name}.yaml": body if body.startswith(("version", "\0")) else HEAD.format(name) + body
            for name, body in bodies.items()
        }
        self.reads: list[str] = []

    def read(self, name: str) -> bytes:
        self.reads.append(name)
        if name not in self.texts:
            raise FileNotFoundError(2, "No such file or directory")
        return self.texts[name].encode()

    def load(self, name: str = "child", **options: Any) -> CompiledMapping:
        file = f"{name}.yaml"
        options = dict[str, Any](vars={"group": "PCI"}, read=self.read) | options
        return load_mapping(self.texts[file], file, catalogues=CATALOGUES, **options)

    def complaints(self, name: str = "child", **options: Any) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.load(name, **options)
        return [str(problem) for problem in caught.value.problems]
