"""How a user limits what we send to a target: the type's own limits, none, or figures of their own.

A quota belongs to a group, not to a target, because a limit of the far side is shared by everything that
writes there: two workspaces of one subscription draw from one quota. The ledger is kept elsewhere; here are
only the numbers.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from pydantic import Field

from connector.http import Duration, Settings
from connector.model import Quota


class QuotaSettings(Settings):
    """One limit: at most `limit` operations in any period of `per`."""

    limit: int = Field(ge=1, description="Operations allowed in one period.")
    per: Duration = Field(description="Length of the period, e.g. 5m.")
    group: str | None = Field(
        None, min_length=1, description="Targets that name the same group share the limit."
    )
    reserve: int = Field(0, ge=0, description="Part of the limit kept for incidents that await the customer.")

    def quota(self, group: str) -> Quota:
        """The quota, of `group` unless the settings name another."""
        seconds = max(1, int(self.per.total_seconds()))
        return Quota(self.group or group, self.limit, seconds, min(self.reserve, self.limit - 1))


QuotaChoice = Annotated[
    Literal["default", "unlimited"] | dict[str, QuotaSettings],
    Field(description="`default`, `unlimited`, or limits by class of operation."),
]


def check_classes(choice: QuotaChoice, known: Collection[str]) -> QuotaChoice:
    """The choice, if it names only classes of operation that the target has. Raises ValueError otherwise."""
    unknown = [] if isinstance(choice, str) else sorted(choice.keys() - set(known))
    if unknown:
        raise ValueError(
            f"there is no class of operation {unknown[0]}; name one of: {', '.join(sorted(known))}"
        )
    return choice


def quotas_of(choice: QuotaChoice, default: Mapping[str, Quota], *, group: str) -> Mapping[str, Quota]:
    """The quotas by class of operation; a class the user does not name keeps its default."""
    if choice == "unlimited":
        return {}
    if isinstance(choice, str):
        return default
    return {**default, **{name: settings.quota(group) for name, settings in choice.items()}}
