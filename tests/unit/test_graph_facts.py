"""From a row of an answer to an incident: facts, cleaning, and what is set aside."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.model import Incident, SetAside, canonical
from connector.sources.cleaning import DEPTH, LIST_ITEMS, TEXT_BYTES, cleaned
from connector.sources.facts import MOST, facts, snapshot_of
from connector.sources.items import id_of, is_id, read_item

ROW: dict[str, Any] = {"id": "12", "lastUpdateDateTime": "2026-02-01T00:00:00.23Z", "alerts": []}


def evidence(kind: str, **values: Any) -> dict[str, Any]:
    return {"@odata.type": f"#microsoft.graph.security.{kind}Evidence", **values}


def test_facts_of_alerts() -> None:
    alerts = [
        {
            "serviceSource": "microsoftDefenderForEndpoint",
            "detectionSource": "antivirus",
            "category": "Malware",
            "mitreTechniques": ["T1059", "T1003"],
            "investigationState": "running",
            "evidence": [
                evidence("device", deviceDnsName="b.example", hostName="b", rbacGroupName="Servers"),
                evidence("device", deviceDnsName=None, hostName="a"),
                evidence(
                    "user", userAccount={"accountName": "kim", "userPrincipalName": "kim@contoso.example"}
                ),
                evidence("user", userAccount={"accountName": "local"}),
                evidence("mailbox", primaryAddress="box@contoso.example"),
                evidence("file", fileDetails={"fileName": "x.exe"}),
                evidence("process", imageFile={"fileName": "not-a-file-evidence.exe"}),
            ],
        },
        {
            "serviceSource": "microsoftDefenderForEndpoint",
            "categories": ["Execution", "Malware"],
            "mitreTechniques": ["T1003"],
            "evidence": [],
        },
    ]
    assert facts(alerts) == {
        "alertCount": 2,
        "serviceSources": ["microsoftDefenderForEndpoint"],
        "detectionSources": ["antivirus"],
        "categories": ["Execution", "Malware"],
        "mitreTechniques": ["T1003", "T1059"],
        "investigationStates": ["running"],
        "devices": ["a", "b.example"],
        "users": ["kim@contoso.example", "local"],
        "mailboxes": ["box@contoso.example"],
        "files": ["x.exe"],
        "deviceGroups": ["Servers"],
    }


def test_facts_are_bounded() -> None:
    many = [{"category": f"c{number:04}"} for number in range(MOST + 50)]
    found = facts(many)
    assert found["alertCount"] == MOST + 50
    assert len(found["categories"]) == MOST


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=12,
)
_KEYS = [
    *("evidence", "category", "categories", "mitreTechniques", "serviceSource"),
    *("@odata.type", "userAccount", "fileDetails", "deviceDnsName"),
]
odd_alerts = st.lists(json_values | st.dictionaries(st.sampled_from(_KEYS), json_values), max_size=4)


@given(odd_alerts)
def test_facts_never_fail(alerts: list[Any]) -> None:
    for name, value in facts(alerts).items():
        assert value == sorted(value) if name != "alertCount" else value == len(alerts)


def test_a_snapshot_has_no_alerts_and_no_annotations() -> None:
    raw = {"id": "1", "@odata.type": "x", "alerts@odata.nextLink": "y", "alerts": [{}], "new": 1}
    snapshot = snapshot_of(raw)
    assert snapshot["alertCount"] == 1
    assert not [name for name in snapshot if "odata" in name or name == "alerts"]
    assert snapshot["new"] == 1


def test_without_alerts_facts_are_absent() -> None:
    assert snapshot_of({"id": "1"}) == {"id": "1"}


@settings(max_examples=300)
@given(json_values)
def test_whatever_comes_can_be_kept(value: Any) -> None:
    clean, _ = cleaned(value)
    text = canonical(clean).decode()
    assert "\\u0000" not in text
    assert cleaned(clean) == (clean, ())


@settings(max_examples=300)
@given(json_values)
def test_what_is_beside_a_value_does_not_change_it(value: Any) -> None:
    beside, _ = cleaned({"\x00": 1, "value": value})
    assert beside["value"] == cleaned(value)[0]


@pytest.mark.parametrize(
    ("value", "expected", "paths"),
    [
        ("plain", "plain", ()),
        ({"a": ["ok", "\ud800x"]}, {"a": ["ok", "�x"]}, ("$.a[1]",)),
        ({"\x00": 1}, {"�": 1}, ("$.(name)",)),
        ({"a": {"\U0001f600": 1}}, {"a": {"�": 1}}, ()),
        ({"é": "é"}, {"é": "é"}, ()),
        (1.5, "1.5", ()),
        (2**60, str(2**60), ()),
        (True, True, ()),
        ("é" * TEXT_BYTES, "é" * (TEXT_BYTES // 2), ("$",)),
        (list(range(LIST_ITEMS + 5)), list(range(LIST_ITEMS)), ("$",)),
    ],
    ids=["plain", "surrogate", "name", "astral", "accents", "float", "large", "boolean", "long", "many"],
)
def test_cleaning(value: Any, expected: Any, paths: tuple[str, ...]) -> None:
    assert cleaned(value) == (expected, paths)


def test_depth_is_bounded() -> None:
    value: Any = "x"
    for _ in range(DEPTH + 5):
        value = [value]
    assert json.dumps(cleaned(value)[0]).count("[") == DEPTH


def test_an_incident_has_identity_order_and_content() -> None:
    item = read_item({**ROW, "status": "brandNew", "unknown": {"x": 0.5}}, "tenant")
    assert isinstance(item, Incident)
    assert str(item.key) == "tenant/12"
    assert item.revision.raw == "2026-02-01T00:00:00.23Z"
    assert item.snapshot["unknown"] == {"x": "0.5"}
    same = read_item({"unknown": {"x": 0.5}, **ROW, "status": "brandNew"}, "tenant")
    other = read_item({**ROW, "status": "active"}, "tenant")
    assert isinstance(same, Incident)
    assert isinstance(other, Incident)
    assert item.content == same.content != other.content


@pytest.mark.parametrize(
    ("change", "incident", "reason"),
    [
        ({"id": None}, "(no id", "id"),
        ({"id": 12}, "(no id", "id"),
        ({"id": "../x"}, "(no id", "id"),
        ({"lastUpdateDateTime": None}, "12", "lastUpdateDateTime"),
        ({"lastUpdateDateTime": "yesterday"}, "12", "lastUpdateDateTime"),
        ({"lastUpdateDateTime": "2026-02-31T00:00:00Z"}, "12", "lastUpdateDateTime"),
        ({"status": 3}, "12", "status"),
        ({"customTags": "a,b"}, "12", "customTags"),
        ({"customTags": [1]}, "12", "customTags.0"),
        ({"comments": [{"comment": 5}]}, "12", "comments.0.comment"),
        ({"alerts": {}}, "12", "alerts"),
    ],
)
def test_a_bad_row_is_set_aside_with_the_reason(change: dict[str, Any], incident: str, reason: str) -> None:
    item = read_item({**ROW, **change}, "tenant")
    assert isinstance(item, SetAside)
    assert item.incident.startswith(incident)
    assert item.reason.startswith(reason)
    assert "\n" not in item.reason


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("priorityScore", "87", 87),
        ("priorityScore", 87.0, 87),
        ("priorityScore", 8.5, None),
        ("priorityScore", "high", None),
        ("priorityScore", True, None),
        ("priorityScore", 10**30, None),
        ("customTags", [None, "a", None], ["a"]),
        ("systemTags", [None], []),
        ("comments", [None, {"comment": "x"}], [{"comment": "x"}]),
    ],
)
def test_what_says_nothing_does_not_hold_an_incident_back(name: str, value: Any, expected: Any) -> None:
    item = read_item({**ROW, name: value}, "tenant")
    assert isinstance(item, Incident)
    assert item.snapshot[name] == expected
    assert item.repaired == (f"$.{name}",)


@pytest.mark.parametrize("row", [None, 5, "x", [], ["id"]])
def test_a_row_that_is_no_object_is_set_aside(row: Any) -> None:
    item = read_item(row, "tenant")
    assert isinstance(item, SetAside)
    assert item == read_item(row, "tenant"), "the same row has the same stand-in for an id"


@given(json_values, st.dictionaries(st.sampled_from([*ROW, "status", "customTags", "comments"]), json_values))
def test_no_row_breaks_the_page(row: Any, change: dict[str, Any]) -> None:
    for value in (row, {**ROW, **change}):
        item = read_item(value, "tenant")
        assert isinstance(item, Incident | SetAside)
        if isinstance(item, SetAside):
            canonical([item.incident, item.reason, item.revision])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("924565", True),
        ("a-b_c", True),
        ("", False),
        ("a/b", False),
        ("٣", False),
        ("x" * 65, False),
        ("-", False),
    ],
)
def test_ids_are_safe_in_addresses(text: str, expected: bool) -> None:
    assert is_id(text) == expected
    assert id_of({"id": text}) == (text if expected else "")
