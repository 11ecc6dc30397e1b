"""`when_record`: it goes with the record, and says only what the target can do."""

from typing import Any

import pytest

ALL = "{resolved: reopen, closed: follow_up, canceled: note, deleted: report}"


def test_what_to_do_goes_with_the_record(apply: Any) -> None:
    mapped = apply(f"when_record: {ALL}\n")
    wishes = {"resolved": "reopen", "closed": "follow_up", "canceled": "note", "deleted": "report"}
    assert mapped.record.when_record == wishes
    assert apply("fields: {}\n").record.when_record == {}


@pytest.mark.parametrize(
    ("written", "target", "complaint"),
    [
        (
            "{close: follow_up}",
            "servicenow",
            "5:15 when_record.close: a record of servicenow is never `close`; did you mean `closed`?",
        ),
        (
            "{closed: reopen}",
            "servicenow",
            (
                "5:23 when_record.closed: `reopen` cannot be done when a record is closed; "
                "use one of follow_up, note, report"
            ),
        ),
        (
            "{canceled: followup}",
            "servicenow",
            (
                "5:25 when_record.canceled: `followup` cannot be done when a record is canceled; "
                "did you mean `follow_up`?"
            ),
        ),
        (
            "{deleted: follow_up}",
            "servicenow",
            "5:24 when_record.deleted: `follow_up` cannot be done when a record is deleted; use one of report",
        ),
        (
            "{closed: note}",
            "sentinel",
            "5:15 when_record.closed: a record of sentinel is never `closed`; use one of deleted",
        ),
    ],
)
def test_what_the_target_cannot_do_is_refused(
    complaints: Any, written: str, target: str, complaint: str
) -> None:
    assert complaints(f"create_when: false\nwhen_record: {written}\n", target=target)[0] == complaint


def test_sentinel_may_be_told_what_it_does_anyway(load: Any) -> None:
    fields = "fields: {title: x, severity: Low, status: New}\n"
    mapping = load(f"when_record: {{deleted: report}}\n{fields}", target="sentinel")
    assert mapping.document.when_record == {"deleted": "report"}
