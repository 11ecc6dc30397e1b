"""The shipped mappings with tasks besides: one for each custom tag, one when an incident is handed over."""

from collections.abc import Mapping
from pathlib import Path

import yaml

TASKS = """
tasks:
  - {name: tag, each: customTags, title: "Look into {{ item }}", text: "Incident {{ id }}"}
  - {name: call, title: Call the customer, when: status == 'awaitingAction'}
"""
Tasks = str | Mapping[str, str]  # what is added to every mapping, or to each by its target
BASES = {"sentinel": "sentinel.yaml", "servicenow": "servicenow-incident.yaml"}


def give_tasks(config: Path, tasks: Tasks = TASKS, *, table: str = "incident_task") -> Path:
    """Let every route of a configuration ask for tasks, in ServiceNow as rows of `table`; the configuration."""
    document = yaml.safe_load(config.read_text(encoding="utf-8"))
    for route in document["routes"]:
        target = route["target"]
        file = config.parent / f"{target}-with-tasks.yaml"
        head = f"version: 1\nname: {target}-with-tasks\ntarget: {target}\nextends: shipped:{BASES[target]}\n"
        file.write_text(head + (tasks if isinstance(tasks, str) else tasks[target]), encoding="utf-8")
        route["mapping"] = file.name
    for target in document["targets"]:
        if target["type"] == "servicenow":
            target["tasks"] = table
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    return config
