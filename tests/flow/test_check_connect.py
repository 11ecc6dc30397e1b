"""`check --connect`: every way in which a ServiceNow instance may lack what the mappings write, with its remedy."""

from collections.abc import Callable
from typing import Any

import pytest

from connector.cli.connect import connect
from connector.mocks.servicenow import ServiceNowMock, stable_id
from connector.model import Level
from tests.support.inprocess import Lab, lab
from tests.support.inspecting import (
    asking,
    changed,
    close,
    edit_column,
    forget_column,
    found,
    lines,
    nothing,
    own,
    renewed,
    take_roles,
)

INTEGRATION = stable_id("sys_user", "integration")


@pytest.fixture(scope="module")
def first_site(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return lab(tmp_path_factory.mktemp("site"))


@pytest.fixture
def site(first_site: Lab) -> Lab:
    return renewed(first_site)


async def test_a_site_that_has_everything(site: Lab) -> None:
    inspected = await found(site.world, site.config)
    for each in inspected.values():
        assert lines(each, Level.PROBLEM) == []
        assert lines(each, Level.WARNING) == []
    subjects = {name: {each.subject for each in one.findings} for name, one in inspected.items()}
    assert subjects["contoso"] == {"access", "alerts"}
    assert subjects["sentinel"] == {"access", "incidents", "role"}
    assert subjects["servicenow"] == {"access", "account", "time zone", "journal", "fields", "table sys_user"}


async def test_nothing_is_written_and_few_things_are_asked(site: Lab) -> None:
    await connect(site.config, asking(site.world))
    for mock in ("xdr", "sentinel", "servicenow"):
        heard = list(site.world.log.entries(mock))
        assert {entry.method for entry in heard} == {"GET"}
        assert len(heard) <= 12


async def test_security_incidents_are_asked_for_their_own_table(site: Lab) -> None:
    def change(document: dict[str, Any]) -> None:
        target = next(each for each in document["targets"] if each["name"] == "servicenow")
        target |= {"type": "servicenow-sir", "table": "sn_si_incident"}
        route = next(each for each in document["routes"] if each["target"] == "servicenow")
        route["mapping"] = "shipped:servicenow-sir.yaml"

    config = changed(site, change)
    inspected = (await found(site.world, config))["servicenow"]
    assert lines(inspected, Level.PROBLEM) == lines(inspected, Level.WARNING) == []

    mock = site.world.servicenow
    for row in mock.contents()["sys_choice"]:
        if row["name"] == "sn_si_incident" and row["label"] in ("Review", "Threat mitigated"):
            mock.edit("sys_choice", row["sys_id"], {"label": "Other", "value": "102"})
    inspected = (await found(site.world, config))["servicenow"]
    (code,) = lines(inspected, Level.PROBLEM)
    assert code.startswith("field close_code: `Threat mitigated` (servicenow-sir) is not among its choices")

    mock.settings.absent_tables.add("sn_si_incident")
    inspected = (await found(site.world, config))["servicenow"]
    assert "Invalid table sn_si_incident" in lines(inspected, Level.PROBLEM)[0]


Change = Callable[[ServiceNowMock], object]


@pytest.mark.parametrize(
    ("change", "level", "start", "remedy"),
    [
        (
            lambda mock: setattr(mock.settings, "basic_refused", True),
            Level.PROBLEM,
            "access: list incident: ServiceNow answered 401",
            "check auth",
        ),
        (
            close("incident"),
            Level.PROBLEM,
            "access: list incident: ServiceNow answered 403",
            "give the account a role that may read this table",
        ),
        (
            lambda mock: take_roles(mock, "itil"),
            Level.WARNING,
            "account: none of the roles of integration is known to write incident: rest_service, sn_si.analyst",
            "give it one of admin, itil",
        ),
        (
            close("sys_user_has_role"),
            Level.WARNING,
            "account: the roles of integration cannot be read",
            "the first write tells",
        ),
        (
            lambda mock: setattr(mock.settings, "users_visible", False),
            Level.WARNING,
            "account: who the account is cannot be read",
            "let the account read its own row",
        ),
        (
            lambda mock: mock.edit("sys_user", INTEGRATION, {"time_zone": "Europe/Zurich"}),
            Level.WARNING,
            "time zone: of the account is Europe/Zurich",
            "set the account's time zone to GMT",
        ),
        (
            lambda mock: setattr(mock.settings, "journals_readable", False),
            Level.WARNING,
            "journal: sys_journal_field cannot be read",
            "let the account write correlation_display",
        ),
        (
            close("sys_dictionary"),
            Level.WARNING,
            "fields: sys_dictionary cannot be read, so no field was checked",
            "let the account read sys_dictionary",
        ),
        (
            close("sys_db_object"),
            Level.WARNING,
            "fields: sys_db_object cannot be read, so no field was checked",
            "let the account read sys_db_object",
        ),
        (
            lambda mock: forget_column(mock, "incident", "hold_reason"),
            Level.PROBLEM,
            "field hold_reason: incident has no such field",
            "add it, or take it out of servicenow-incident",
        ),
        (
            lambda mock: edit_column(mock, "task", "short_description", max_length="80"),
            Level.WARNING,
            "field short_description: holds 80 characters, and up to 160 are written",
            "`cut(80)`",
        ),
        (
            lambda mock: edit_column(mock, "task", "impact", read_only="true"),
            Level.WARNING,
            "field impact: is read-only",
            "take it out of servicenow-incident",
        ),
        (
            lambda mock: forget_column(mock, "task", "correlation_id"),
            Level.PROBLEM,
            "field correlation_id: does not exist",
            "a record must keep its key",
        ),
        (
            lambda mock: edit_column(mock, "task", "correlation_id", max_length="40"),
            Level.PROBLEM,
            "field correlation_id: holds 40 characters",
            "make it at least 64",
        ),
        (
            lambda mock: edit_column(mock, "task", "correlation_display", read_only="true"),
            Level.PROBLEM,
            "field correlation_display: is read-only",
            "choose another field",
        ),
        (
            close("sys_choice"),
            Level.WARNING,
            "choices: of close_code, hold_reason, impact, state, urgency are not to be seen",
            "let the account read sys_choice",
        ),
        (
            lambda mock: [
                mock.edit("sys_choice", row["sys_id"], {"inactive": "true"})
                for row in mock.contents()["sys_choice"]
                if row["value"] == "Solution provided"
            ],
            Level.PROBLEM,
            "field close_code: `Solution provided` (servicenow-incident) is not among its choices",
            "did you mean `No resolution provided`?",
        ),
        (
            lambda mock: forget_column(mock, "sys_user", "email"),
            Level.PROBLEM,
            "table sys_user: has no email",
            "take it out of `by`",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
async def test_what_a_servicenow_site_lacks(
    site: Lab, change: Change, level: Level, start: str, remedy: str
) -> None:
    change(site.world.servicenow)
    inspected = (await found(site.world, site.config))["servicenow"]
    (line,) = (each for each in lines(inspected, level) if each.startswith(start))
    assert remedy in line


@pytest.mark.parametrize(
    ("field", "start", "remedy"),
    [
        ("u_verdict: x", "field u_verdict: incident has no such field", "take it out of own"),
        (
            "assignment_group: SOC Teir 2",
            "sys_user_group SOC Teir 2: no row in sys_user_group with name 'SOC Teir 2'",
            "correct the name",
        ),
        (
            "assigned_to: {lookup: {table: sys_user, by: [name], value: '{{ vars.who }}'}}",
            "sys_user Alex Kim: 2 rows in sys_user with name 'Alex Kim'",
            "correct the name",
        ),
        (
            "u_site: {lookup: {table: core_company, by: [name], value: '{{ displayName }}'}}",
            "field u_site: refers to u_site, and own looks it up in core_company",
            "say `table: u_site` in the look-up",
        ),
        (
            "u_site: {from: severity, values: {high: Zurich}, otherwise: leave}",
            "field u_site: refers to u_site, and `Zurich` (own) is no sys_id",
            "look it up: `lookup: {table: u_site, by: [...], value: Zurich}`",
        ),
        (
            "u_site: {lookup: {table: u_site, by: [u_kode], value: ZRH}}",
            "table u_site: has no u_kode, or does not exist",
            "name its columns under `by`",
        ),
        (
            "u_site: {lookup: {table: u_sight, by: [u_code], value: ZRH}}",
            "table u_sight: has no u_code, or does not exist",
            "name its columns under `by`",
        ),
        (
            "category: {from: severity, values: {high: securty}, otherwise: leave}",
            "field category: `securty` (own) is not among its choices",
            "did you mean `security`?",
        ),
    ],
)
async def test_what_a_mapping_names_and_the_instance_does_not_have(
    site: Lab, field: str, start: str, remedy: str
) -> None:
    def with_vars(document: dict[str, Any]) -> None:
        for route in document["routes"]:
            if route["target"] == "servicenow":
                route["vars"] = {"who": "Alex Kim"}

    config = changed(site, with_vars, own(field))
    inspected = (await found(site.world, config))["servicenow"]
    (line,) = (each for each in lines(inspected, Level.PROBLEM) if each.startswith(start))
    assert remedy in line


async def test_what_a_mapping_names_and_the_instance_has(site: Lab) -> None:
    mapping = own(
        "assignment_group: SOC Tier 2",
        "u_site: {lookup: {table: u_site, by: [u_code], value: ZRH}}",
        "cmdb_ci: '{{ devices | first }}'",
    )
    inspected = (await found(site.world, changed(site, nothing, mapping)))["servicenow"]
    assert lines(inspected, Level.PROBLEM) == []
    subjects = {each.subject for each in inspected.findings}
    assert {"sys_user_group SOC Tier 2", "u_site ZRH", "table cmdb_ci", "table u_site"} <= subjects


async def test_roles_of_others_are_not_taken_for_the_accounts(site: Lab) -> None:
    """An instance shows every row where it ignores a condition."""
    take_roles(site.world.servicenow, "itil")
    rows = [{"sys_id": "1", "user": "another", "role.name": "admin"}]
    rows += [{"sys_id": "2", "user": INTEGRATION, "role.name": "rest_service"}]
    fault = {"kind": "status", "status": 200, "body": {"result": rows}}
    site.world.faults.add({"mock": "servicenow", "path_regex": "sys_user_has_role", "fault": fault})
    warnings = lines((await found(site.world, site.config))["servicenow"], Level.WARNING)
    (line,) = (each for each in warnings if each.startswith("account: "))
    assert "none of the roles of integration is known to write incident: rest_service" in line
