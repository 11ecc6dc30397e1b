"""Masked incidents, and the examples that are made of them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import ConfigError
from connector.mapping import load_mapping, run_examples
from connector.mapping.drafting import appended, draft
from connector.mapping.masking import Mask, literals
from connector.mapping.vocabulary import PROPERTIES
from connector.sources.cleaning import cleaned
from tests.unit.mapping.conftest import CATALOGUES, INCIDENT
from tests.unit.mapping.test_shipped import MAPPINGS, NAMES, json_values

SECRET = "kim.secret"
FULL: dict[str, Any] = {
    **INCIDENT,
    "tenantId": "contoso-tenant",
    "incidentWebUrl": f"https://security.example/incident?tid={SECRET}",
    "assignedTo": f"{SECRET}@contoso.example",
    "displayName": f"Ransomware on {SECRET}",
    "description": f"<p>{SECRET}</p>",
    "summary": SECRET,
    "resolvingComment": SECRET,
    "recommendedActions": SECRET,
    "lastModifiedBy": f"{SECRET}@contoso.example",
    "customTags": [SECRET, "vip"],
    "systemTags": ["Defender Experts"],
    "devices": [f"{SECRET}.contoso.example", SECRET],
    "users": [f"{SECRET.upper()}@contoso.example"],
    "mailboxes": [f"{SECRET}@contoso.example"],
    "files": [f"{SECRET}.exe", SECRET],
    "deviceGroups": [SECRET],
    "mitreTechniques": ["T1059.001"],
    "serviceSources": ["microsoftDefenderForEndpoint"],
    "comments": [
        {
            "comment": f"{SECRET} [mdxdr:0123456789ab]",
            "createdByDisplayName": SECRET,
            "createdDateTime": "2024-01-01T00:00:00Z",
        }
    ],
    "priorityScore": 7,
    "ownThing": SECRET,
}


def mask(snapshot: dict[str, Any], *known: str) -> dict[str, Any]:
    return Mask(frozenset(known)).snapshot(snapshot)


def test_nothing_personal_is_left() -> None:
    masked = mask(FULL)
    assert SECRET not in str(masked).casefold()
    assert "contoso" not in str(masked)
    assert set(masked) == set(FULL) & set(PROPERTIES)


def test_what_is_not_personal_stays() -> None:
    masked = mask(FULL)
    for name in (
        "id",
        "status",
        "severity",
        "systemTags",
        "mitreTechniques",
        "serviceSources",
        "priorityScore",
    ):
        assert masked[name] == FULL[name], name
    assert masked["createdDateTime"] == FULL["createdDateTime"]


def test_equal_values_have_equal_stand_ins_and_others_have_others() -> None:
    masked = mask(FULL)
    assert masked["assignedTo"] == masked["users"][0] == masked["mailboxes"][0] == masked["lastModifiedBy"]
    assert len(set(masked["devices"])) == len(set(masked["files"])) == 2
    assert masked["summary"] == masked["resolvingComment"] != masked["description"]


@pytest.mark.parametrize("owner", ["Defender Experts", "customer", "Unassigned", "", None])
def test_owners_that_are_nobody_stay(owner: str | None) -> None:
    assert mask({"assignedTo": owner}) == {"assignedTo": owner}


def test_the_mark_of_our_own_notes_stays() -> None:
    assert mask(FULL)["comments"][0]["comment"].endswith(" [mdxdr:0123456789ab]")


def test_what_the_mapping_names_stays() -> None:
    rules = {"rows": [[{"has": "VIP"}, 1]], "when": "'PCI' in deviceGroups and \"x\" == summary"}
    known = literals(rules)
    assert {"vip", "pci", "x"} <= known
    assert mask({"customTags": ["vip", "other"], "deviceGroups": ["pci"]}, *known) == {
        "customTags": ["vip", "tag 1"],
        "deviceGroups": ["pci"],
    }


def reloaded(name: str, text: str) -> Any:
    return load_mapping(text, name, catalogues=CATALOGUES, vars={}, microsoft_owned="microsoft" in name)


@pytest.mark.parametrize("mapping", MAPPINGS, ids=NAMES)
@pytest.mark.parametrize("old", [None, {"status": "inProgress", "comments": []}])
@pytest.mark.parametrize("status", ["awaitingAction", "resolved", "later"])
def test_an_example_passes_at_once(mapping: Any, old: Any, status: str) -> None:
    before = None if old is None else FULL | old
    text = appended(mapping.text, "m.yaml", draft(mapping, FULL | {"status": status}, before, "incident 42"))
    again = reloaded(mapping.name, text)
    assert len(again.document.examples) == len(mapping.document.examples) + 1
    assert all(result.passed for result in run_examples(again))
    assert SECRET not in text
    assert text.startswith(mapping.text.rstrip("\n"))


def test_names_of_examples_are_not_taken_twice() -> None:
    (mapping,) = (each for each in MAPPINGS if each.name == "sentinel")
    text = mapping.text
    for _ in range(3):
        text = appended(text, "m.yaml", draft(reloaded("sentinel", text), FULL, None, "new"))
    names = [example.name for example in reloaded("sentinel", text).document.examples]
    assert names[-3:] == ["new (2)", "new (3)", "new (4)"]


HEAD = "version: 1\nname: test\ntarget: servicenow\n"


FIELDS = "fields: {short_description: x}\n"
BLOCK = "  - name: b\n    incident: {}\n    expect:\n      notes:\n        []\n"


@pytest.mark.parametrize(
    "body",
    [
        FIELDS.rstrip("\n"),
        FIELDS,
        f"examples:\n- {{name: a, incident: {{}}, expect: {{}}}}\n# the end of them\n{FIELDS}",
        f"{FIELDS}examples:\n{BLOCK}\n\n",
        f"examples:\n  - {{name: a, incident: {{}}, expect: {{}}}}\n\n{BLOCK}{FIELDS}",
        f"examples:\n  - name: b\n    expect: {{}}\n    incident:\n      summary: |\n        x\n\n{FIELDS}",
    ],
)
def test_examples_go_where_examples_are(load: Any, body: str) -> None:
    text = appended(HEAD + body, "m.yaml", draft(load(body), FULL, None, "incident"))
    again = reloaded("test", text)
    assert again.document.examples[-1].name == "incident"
    assert len(again.document.examples) == len(load(body).document.examples) + 1
    assert [line for line in (HEAD + body).splitlines() if line not in text.splitlines()] == []


def test_examples_in_brackets_are_not_torn_open(load: Any) -> None:
    body = "fields: {short_description: x}\nexamples: [{name: a, incident: {}, expect: {}}]\n"
    with pytest.raises(ConfigError, match="write each below the other"):
        appended(HEAD + body, "m.yaml", draft(load(body), FULL, None, "incident"))


EVERYTHING = "fields: {" + ", ".join(f"u_{name.lower()}: '{{{{ {name} }}}}'" for name in PROPERTIES) + "}\n"
NOTES = """\
notes:
  - {name: comment, each: comments, text: "{{ item.comment }}"}
  - {name: status, changed: [status], text: "{{ status }}"}
"""


@pytest.mark.parametrize(
    "tries",
    [
        pytest.param(15, id="a few"),
        pytest.param(200, id="many", marks=[pytest.mark.verify, pytest.mark.timeout(600)]),
    ],
)
def test_whatever_the_incident_holds_its_example_passes(tries: int) -> None:
    settings(max_examples=tries, deadline=None)(given(incidents, st.text(max_size=30))(passes))()


# As the source hands them on: what cannot be stored is text by then.
incidents = st.dictionaries(st.sampled_from([*PROPERTIES]), json_values | st.text(), max_size=8).map(
    lambda incident: cleaned(incident)[0]
)


def passes(incident: dict[str, Any], tag: str) -> None:
    text = HEAD + EVERYTHING + NOTES
    example = draft(reloaded("test", text), incident | {"systemTags": [tag]}, incident, "e")
    again = reloaded("test", appended(text, "m.yaml", example))
    assert [result.passed for result in run_examples(again)] == [True]
