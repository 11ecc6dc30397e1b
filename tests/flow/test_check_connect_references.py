"""`check --connect`: what mappings put into the reference fields of a ServiceNow instance."""

import pytest

from connector.model import Level
from tests.support.inprocess import Lab, lab
from tests.support.inspecting import changed, edit_column, found, lines, nothing, own, renewed


@pytest.fixture(scope="module")
def first_site(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return lab(tmp_path_factory.mktemp("site"))


@pytest.fixture
def site(first_site: Lab) -> Lab:
    return renewed(first_site)


@pytest.mark.parametrize(
    ("refers_to", "looked_up_in", "wrong"),
    [
        ("task", "incident", False),
        ("incident", "task", False),
        ("incident", "incident", False),
        ("incident", "sn_si_incident", True),
        ("a_table_that_is_not_shown", "incident", False),
    ],
)
async def test_a_row_may_be_of_a_table_that_extends_the_one_referred_to(
    site: Lab, refers_to: str, looked_up_in: str, wrong: bool
) -> None:
    edit_column(site.world.servicenow, "incident", "u_site", reference=refers_to)
    mapping = own(
        f"u_site: {{lookup: {{table: {looked_up_in}, by: [number], value: '{{{{ displayName }}}}'}}}}"
    )
    inspected = (await found(site.world, changed(site, nothing, mapping)))["servicenow"]
    assert any("refers to" in line for line in lines(inspected, Level.PROBLEM)) is wrong


@pytest.mark.parametrize(
    ("column", "field", "start"),
    [
        (
            {},
            "u_defender_number: {lookup: {table: u_site, by: [u_code], value: ZRH}}",
            "field u_defender_number: holds 20 characters, and own looks it up in u_site, which gives a sys_id",
        ),
        (
            {"internal_type": "integer"},
            "u_defender_number: {lookup: {table: u_site, by: [u_code], value: ZRH}}",
            "field u_defender_number: is of type integer, and own looks it up in u_site",
        ),
        (
            {"max_length": "40"},
            "u_defender_number: {lookup: {table: u_site, by: [u_code], value: ZRH}}",
            "",
        ),
        (
            {"internal_type": "reference", "reference": "u_site"},
            "u_defender_number: '{{ displayName }}'",
            "field u_defender_number: refers to u_site, and own writes a text of the incident there",
        ),
        (
            {"internal_type": "reference", "reference": "u_site"},
            f"u_defender_number: {'0a' * 16}",
            "",
        ),
        (
            {"internal_type": "glide_list", "reference": "sys_user"},
            "u_defender_number: ana@contoso.example",
            "",
        ),
    ],
)
async def test_of_what_may_be_meant_there_is_at_most_a_warning(
    site: Lab, column: dict[str, str], field: str, start: str
) -> None:
    edit_column(site.world.servicenow, "incident", "u_defender_number", **column)
    inspected = (await found(site.world, changed(site, nothing, own(field))))["servicenow"]
    assert lines(inspected, Level.PROBLEM) == []
    warnings = lines(inspected, Level.WARNING)
    assert [line.startswith(start) for line in warnings] == ([True] if start else [])
