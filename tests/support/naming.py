"""Mappings that name other records: Sentinel the ticket, and a ticket that of the incident it was merged into."""

from pathlib import Path

import yaml

SENTINEL = """
tags: {add: [{tag: "ticket:{{ links.servicenow.number }}", when: links.servicenow.number}]}
"""
SERVICENOW = """
notes:
  - name: merged
    changed: [status]
    when: status == 'redirected' and mergedInto.number
    text: Went on in {{ mergedInto.number }}
"""
BASES = {"sentinel": "sentinel.yaml", "servicenow": "servicenow-incident.yaml"}


def give_names(config: Path, sentinel: str = SENTINEL, servicenow: str = SERVICENOW) -> Path:
    """Let every route of a configuration extend its shipped mapping by rules that name records; the configuration."""
    document = yaml.safe_load(config.read_text(encoding="utf-8"))
    rules = {"sentinel": sentinel, "servicenow": servicenow}
    for route in document["routes"]:
        target = route["target"]
        file = config.parent / f"{target}-with-names.yaml"
        head = f"version: 1\nname: {target}-with-names\ntarget: {target}\nextends: shipped:{BASES[target]}\n"
        file.write_text(head + rules[target], encoding="utf-8")
        route["mapping"] = file.name
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    return config
