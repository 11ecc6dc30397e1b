"""Whether records keep our key: without it a record whose link is lost is made a second time.

A field that the account may not write is dropped with success, so this shows only in an answer. The record it
showed on keeps its link, for an error there would make a twin at the next try; what must not happen is another
creation. Before one, the key is written once more: that tells whether a person has put the access right.

Source: ServiceNow docs, "Table API".
"""

from dataclasses import dataclass

from connector.errors import AuthError, RejectedError
from connector.model import Delivery
from connector.targets.servicenow.calls import Calls
from connector.targets.servicenow.dialect import Dialect
from connector.targets.servicenow.row import ALWAYS, KEY, Row


@dataclass(frozen=True, slots=True)
class _Keyless:
    sys_id: str
    number: str
    key: str


class KeyWatch:
    """The records that this process saw without their key and under a sys_id that does not follow from it."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._keyless: dict[str, _Keyless] = {}

    def saw(self, delivery: Delivery, row: Row) -> None:
        """Take note of a record that is the delivery's."""
        chosen = self._dialect.choose_sys_id and row.sys_id == self._dialect.chosen_id(delivery)
        if row.key != delivery.target_key and not chosen:
            self._keyless[row.sys_id] = _Keyless(row.sys_id, row.number, delivery.target_key)

    async def check(self, calls: Calls) -> None:
        """Give the records their keys. Raises AuthError while the instance does not keep them."""
        for keyless in list(self._keyless.values()):
            if not await _completed(calls, keyless):
                raise _not_kept(keyless)
            self._keyless.pop(keyless.sys_id, None)


async def _completed(calls: Calls, keyless: _Keyless) -> bool:
    try:
        row = await calls.update(keyless.sys_id, {KEY: keyless.key}, ALWAYS)
    except RejectedError as error:
        return error.signature == "not_found"  # deleted: nothing is left to complete
    return row.key == keyless.key


def _not_kept(keyless: _Keyless) -> AuthError:
    return AuthError(
        f"record {keyless.number or keyless.sys_id} does not keep its {KEY}, so creating would end in twins",
        remedy=f"let the account write {KEY}, in full, when it creates and when it updates",
    )
