"""How a mapping on trial fares: what is refused of its records, beside what is refused of the others."""

from dataclasses import dataclass

from connector.store import Tx, evaluations
from connector.store import refused as refused_rows
from connector.store.activations import Standing

_LEAST = 3  # refused records say something; fewer may be chance
_WORSE = 2


@dataclass(frozen=True, slots=True)
class Rates:
    """Refused records and all records: of the mapping on trial, and of the other one."""

    refused: int
    of: int
    refused_else: int
    of_else: int

    @property
    def worse(self) -> bool:
        """Whether clearly more is refused of what the mapping on trial makes."""
        # Compared without division: a share may be one of nothing.
        return self.refused >= _LEAST and self.refused * self.of_else > _WORSE * self.refused_else * self.of

    def __str__(self) -> str:
        return f"{self.refused} of {self.of} records were refused, of the others {self.refused_else} of {self.of_else}"


def rates(tx: Tx, standing: Standing) -> Rates | None:
    """How the mapping on trial fares; None where none is."""
    trial = standing.trial
    if trial is None:
        return None
    decided = evaluations.count(tx, trial.route)
    refused = refused_rows.count(tx, trial.route)
    of, bad = decided.get(trial.hash, 0), refused.get(trial.hash, 0)
    return Rates(bad, of, sum(refused.values()) - bad, max(1, sum(decided.values()) - of))
