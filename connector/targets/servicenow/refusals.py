"""Refusals with their cause and cure in words, where the instance's own words would not do. Pure."""

from connector.errors import ConflictError, RejectedError
from connector.model import Delivery, Link
from connector.targets.servicenow.lifecycle import FINAL
from connector.targets.servicenow.row import KEY


def gone(link: Link) -> RejectedError:
    """A linked record answers 404; the instance does not tell deleted from hidden."""
    return RejectedError(
        f"record {link.number or link.external_id} is gone, or hidden from the account",
        part="record",
        signature="not_found",
        remedy="if it was deleted discard the row; otherwise let the account read it",
        alone=True,
    )


def hidden_twin(conflict: ConflictError) -> RejectedError:
    """A unique key refuses our record, and the record in its way is not ours to take."""
    return RejectedError(
        f"the record cannot be created, and the one in its way cannot be taken: {conflict.message}",
        part="record",
        signature="hidden_twin",
        remedy=f"look for a record whose {KEY} or sys_id is ours, hidden from the account",
    )


def blamed(error: RejectedError, delivery: Delivery, *, only_notes: bool = False) -> RejectedError:
    """The refusal with the part it concerns, where only one part was sent."""
    if not delivery.notes:
        error.part = "record"
    elif only_notes:
        error.part = "notes"
    return error


def closed(number: str, state: str, standing: str) -> RejectedError:
    """The refusal of a write to a record whose state stands in the way; `standing` is that state in words."""
    word = standing.capitalize()
    final = ", which is final in ServiceNow" if standing in FINAL else ""
    return RejectedError(
        f"record {number} is {word} ({state}){final}",
        part="record",
        field="state",
        signature=f"final_state_{state}" if final else f"state_{state}",
        remedy=f"say under `when_record` what to do when a record is {standing}, or discard this row",
        alone=True,
    )
