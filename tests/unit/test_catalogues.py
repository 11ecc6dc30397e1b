"""What each target can hold, and which fields it refuses together."""

import pytest

from connector.model import Catalogue, FieldValue
from connector.targets.sentinel.catalogue import SENTINEL_CATALOGUE
from connector.targets.servicenow.catalogue import SERVICENOW_CATALOGUE

CLOSED: dict[str, FieldValue] = {"status": "Closed"}
ALONE = "a classificationReason is only legal with status Closed"


@pytest.mark.parametrize(
    ("fields", "complaints"),
    [
        ({}, []),
        ({"status": "Active"}, []),
        ({"status": "Active", "classification": None, "classificationReason": None}, []),
        (CLOSED, ["status Closed needs a classification"]),
        (CLOSED | {"classification": None}, ["status Closed needs a classification"]),
        (CLOSED | {"classification": "Undetermined", "classificationReason": None}, []),
        (CLOSED | {"classification": "TruePositive", "classificationReason": "SuspiciousActivity"}, []),
        (CLOSED | {"classification": "BenignPositive", "classificationReason": "SuspiciousButExpected"}, []),
        (CLOSED | {"classification": "FalsePositive", "classificationReason": "InaccurateData"}, []),
        (CLOSED | {"classification": "FalsePositive", "classificationReason": "IncorrectAlertLogic"}, []),
        (
            CLOSED | {"classification": "TruePositive", "classificationReason": "InaccurateData"},
            ["classification TruePositive takes SuspiciousActivity, not InaccurateData"],
        ),
        (
            CLOSED | {"classification": "Undetermined", "classificationReason": "InaccurateData"},
            ["classification Undetermined takes no reason, not InaccurateData"],
        ),
        (
            CLOSED | {"classification": "FalsePositive"},
            ["classification FalsePositive of a closed incident needs a classificationReason"],
        ),
        (
            {"status": "New", "classification": "TruePositive", "classificationReason": "SuspiciousActivity"},
            [ALONE],
        ),
        (
            {"status": "New", "classificationReason": "SuspiciousActivity"},
            [ALONE, "a classificationReason needs a classification"],
        ),
        ({"labels": "x"}, ["labels are written as tags: say it under `tags`"]),
        ({"incidentNumber": 1}, ["incidentNumber is assigned by the workspace"]),
    ],
)
def test_what_sentinel_refuses(fields: dict[str, FieldValue], complaints: list[str]) -> None:
    assert SENTINEL_CATALOGUE.joint(fields) == complaints


OVER: dict[str, FieldValue] = {"close_code": "Solution provided", "close_notes": "done"}


@pytest.mark.parametrize(
    ("fields", "complaints"),
    [
        ({}, []),
        ({"state": "2"}, []),
        ({"state": "6"} | OVER, []),
        ({"state": 7} | OVER, []),
        ({"state": "6"}, ["state 6 needs close_code", "state 6 needs close_notes"]),
        ({"state": "7"} | OVER | {"close_notes": "  "}, ["state 7 needs close_notes"]),
        ({"state": "3", "hold_reason": "4"}, []),
        ({"state": "2", "hold_reason": None}, []),
        ({"state": "2", "hold_reason": "4"}, ["a hold_reason is only legal with state 3 (On Hold)"]),
        ({"hold_reason": "4"}, ["a hold_reason is only legal with state 3 (On Hold)"]),
        ({"priority": "1"}, ["priority is computed by the instance from impact and urgency: map those"]),
        ({"sys_id": "x"}, ["sys_id is kept by the instance"]),
    ],
)
def test_what_servicenow_refuses(fields: dict[str, FieldValue], complaints: list[str]) -> None:
    assert SERVICENOW_CATALOGUE.joint(fields) == complaints


@pytest.mark.parametrize(
    "catalogue", [SENTINEL_CATALOGUE, SERVICENOW_CATALOGUE], ids=["sentinel", "servicenow"]
)
def test_a_catalogue_speaks_of_its_own_fields_only(catalogue: Catalogue) -> None:
    known = set(catalogue.fields)

    assert catalogue.required | catalogue.tag_fields | catalogue.carried_by_microsoft <= known
    assert all(group <= known for group in catalogue.together)
    assert all(catalogue.joint({name: None}) == [] for name in known)


@pytest.mark.parametrize(
    ("name", "known"),
    [("u_region", True), ("x_acme_soc_tier", True), ("state", True), ("sys_id", False), ("u-region", False)],
)
def test_a_customers_own_fields(name: str, known: bool) -> None:
    assert SERVICENOW_CATALOGUE.knows(name) is known
