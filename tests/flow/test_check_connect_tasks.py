"""`check --connect`: what the table of tasks of a ServiceNow instance may lack, with its remedy."""

from collections.abc import Callable
from typing import Any

import pytest

from connector.config import Config
from connector.mocks.servicenow import ServiceNowMock
from connector.model import Level
from tests.support.inprocess import Lab, lab
from tests.support.inspecting import (
    changed,
    close,
    edit_column,
    forget_column,
    found,
    lines,
    renewed,
    take_roles,
)

Change = Callable[[ServiceNowMock], object]


@pytest.fixture(scope="module")
def first_site(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return lab(tmp_path_factory.mktemp("site"))


@pytest.fixture
def site(first_site: Lab) -> Lab:
    return renewed(first_site)


def keeping(site: Lab, tasks: str, **more: str) -> Config:
    """The site's configuration with a table of tasks."""

    def change(document: dict[str, Any]) -> None:
        next(each for each in document["targets"] if each["name"] == "servicenow").update(tasks=tasks, **more)

    return changed(site, change)


def nothing(mock: ServiceNowMock) -> None:
    """No change of the instance."""


def make_list(mock: ServiceNowMock) -> None:
    """Give `incident_task` a field that refers to something else."""
    edit_column(mock, "incident_task", "incident", reference="cmdb_ci")


async def test_a_table_that_takes_tasks(site: Lab) -> None:
    inspected = (await found(site.world, keeping(site, "incident_task")))["servicenow"]
    assert lines(inspected, Level.PROBLEM) == lines(inspected, Level.WARNING) == []
    (line,) = (each for each in lines(inspected, Level.OK) if each.startswith("table incident_task: "))
    assert "has the fields that a task needs; tasks are created with the role itil" in line
    assert {entry.method for entry in site.world.log.entries("servicenow")} == {"GET"}


@pytest.mark.parametrize(
    ("change", "tasks", "level", "start", "remedy"),
    [
        (
            lambda mock: mock.settings.absent_tables.add("incident_task"),
            "incident_task",
            Level.PROBLEM,
            "table incident_task: list incident_task: ServiceNow answered 400 (Invalid table incident_task)",
            "correct `tasks`, or install the plugin",
        ),
        (
            nothing,
            "u_soc_task",
            Level.PROBLEM,
            "table u_soc_task: list u_soc_task: ServiceNow answered 400 (Invalid table u_soc_task)",
            "correct `tasks`",
        ),
        (
            close("incident_task"),
            "incident_task",
            Level.PROBLEM,
            "table incident_task: list incident_task: ServiceNow answered 403",
            "let the account read and create in incident_task, or let tasks be notes",
        ),
        (
            lambda mock: mock.settings.hidden_rows.add(
                mock.create("incident_task", {"short_description": "x"})["sys_id"]
            ),
            "incident_task",
            Level.PROBLEM,
            "table incident_task: has 1 records, and the account sees none of them",
            "let the account read",
        ),
        (
            lambda mock: take_roles(mock, "itil"),
            "incident_task",
            Level.WARNING,
            "table incident_task: none of the account's roles is known to create tasks there",
            "give it one of admin, itil",
        ),
        (
            lambda mock: forget_column(mock, "incident_task", "incident"),
            "incident_task",
            Level.PROBLEM,
            "field incident_task.incident: does not exist",
            "name under `task_parent` a field that refers to incident",
        ),
        (
            make_list,
            "incident_task",
            Level.PROBLEM,
            "field incident_task.incident: refers to cmdb_ci, and tasks are of records of incident",
            "name under `task_parent` a field that refers to incident",
        ),
        (
            nothing,
            "sn_si_task",
            Level.PROBLEM,
            "field sn_si_task.parent: refers to sn_si_incident, and tasks are of records of incident",
            "name under `task_parent`",
        ),
        (
            lambda mock: edit_column(mock, "task", "description", read_only="true"),
            "incident_task",
            Level.PROBLEM,
            "field incident_task.description: is read-only",
            "let it be written, or name another table under `tasks`",
        ),
        (
            lambda mock: edit_column(mock, "task", "correlation_id", max_length="50"),
            "incident_task",
            Level.PROBLEM,
            "field incident_task.correlation_id: holds 50 characters, and the key of a task has 52",
            "make it longer",
        ),
        (
            nothing,
            "u_site",
            Level.PROBLEM,
            "field u_site.short_description: does not exist",
            "add it, or name another table under `tasks`",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
async def test_what_a_table_of_tasks_lacks(
    site: Lab, change: Change, tasks: str, level: Level, start: str, remedy: str
) -> None:
    change(site.world.servicenow)
    inspected = (await found(site.world, keeping(site, tasks)))["servicenow"]
    (line,) = (each for each in lines(inspected, level) if each.startswith(start))
    assert remedy in line


async def test_where_the_dictionary_is_closed_only_the_fields_are_left_out(site: Lab) -> None:
    close("sys_dictionary")(site.world.servicenow)
    close("sys_user_has_role")(site.world.servicenow)
    inspected = (await found(site.world, keeping(site, "incident_task")))["servicenow"]
    (line,) = (each for each in lines(inspected, Level.OK) if each.startswith("table incident_task: "))
    assert "can be read; whether the account may create there, the first task tells" in line
