"""The incident as expressions see it: spellings, derived facts, and values of the wrong kind."""

from typing import Any

import pytest

from connector.mapping.names import property_expr
from connector.mapping.view import UndecidedError, View
from connector.mapping.vocabulary import CLASSIFICATION, DETERMINATION, ENUMS, PROPERTIES, SEVERITY, STATUS


def read(name: str, **snapshot: Any) -> Any:
    return property_expr(name, PROPERTIES[name]).run(View(snapshot))


@pytest.mark.parametrize("vocabulary", ENUMS.values(), ids=list(ENUMS))
def test_every_member_is_known_in_any_case_and_has_a_word(vocabulary: Any) -> None:
    for member in vocabulary.members:
        assert vocabulary.member(member.upper()) == vocabulary.member(f" {member} ") == member
        assert vocabulary.words[member]
    assert vocabulary.member("unknownFutureValue") is None


def test_the_members_and_their_order_are_the_vendors() -> None:
    assert STATUS.members == ("active", "resolved", "inProgress", "redirected", "awaitingAction")
    assert SEVERITY.members == ("unknown", "informational", "low", "medium", "high")
    assert CLASSIFICATION.members == (
        "unknown",
        "falsePositive",
        "truePositive",
        "informationalExpectedActivity",
    )
    assert len(DETERMINATION.members) == 15


@pytest.mark.parametrize(
    ("published", "member"),
    [
        ("compromisedUser", "compromisedAccount"),
        ("Clean", "notMalicious"),
        ("insufficientData", "notEnoughDataToValidate"),
        ("NoEnoughDataToValidate", "notEnoughDataToValidate"),
        ("confirmedUserActivity", "confirmedActivity"),
        (None, "unknown"),
    ],
)
def test_determinations_by_every_published_name(published: str | None, member: str) -> None:
    assert read("determination", determination=published) == member


@pytest.mark.parametrize(
    ("status", "owner", "tags", "stage"),
    [
        ("active", None, [], "none"),
        ("active", "kim@example.com", [], "none"),
        ("inProgress", "defender experts ", [], "investigating"),
        ("awaitingAction", "Customer", ["Defender Experts"], "handedOver"),
        ("awaitingAction", None, [], "handedOver"),
        ("inProgress", "Customer", [], "handedOver"),
        ("inProgress", "kim@example.com", ["Defender Experts"], "finished"),
        ("resolved", None, ["Defender Experts"], "finished"),
        ("resolved", "Customer", [], "finished"),
        ("resolved", "Defender Experts", None, "finished"),
        ("resolved", "kim@example.com", [], "none"),
        ("redirected", None, [], "none"),
    ],
)
def test_how_far_the_experts_are(status: str, owner: str | None, tags: Any, stage: str) -> None:
    assert read("experts", status=status, assignedTo=owner, systemTags=tags) == stage


def test_nobody_knows_how_far_the_experts_are_in_a_status_added_later() -> None:
    with pytest.raises(UndecidedError):
        read("experts", status="paused", assignedTo="Defender Experts")


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("displayName", 5, "5"),
        ("displayName", 1.5, "1.5"),
        ("displayName", True, "true"),
        ("displayName", ["x"], None),
        ("displayName", {"a": 1}, None),
        ("alertCount", "5", None),
        ("alertCount", True, None),
        ("alertCount", 1.5, None),
        ("assignedTo", 5, None),
        ("assignedTo", " Kim ", "Kim"),
        ("customTags", "x", []),
        ("customTags", ("a", None, 1), ["a", "1"]),
        ("comments", "x", []),
        ("comments", [1, {}], [{"comment": None, "createdByDisplayName": None, "createdDateTime": None}]),
        ("createdDateTime", None, None),
    ],
)
def test_values_of_the_wrong_kind_become_null_or_empty(name: str, raw: Any, value: Any) -> None:
    assert read(name, **{name: raw}) == value
