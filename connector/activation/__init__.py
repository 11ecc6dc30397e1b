"""Which mapping a route works with: putting one into force, trying it on a share of the incidents, taking it back.

Every act is one transaction, with the audit row that says who did it and why, and with the incidents that have to be
mapped again because of it; whoever maps and delivers finds these in the state, so that it may die at any moment.
"""

from connector.activation.acts import Act, NothingToDoError, activate, end_trial, refuse, rollback
from connector.activation.extent import Extent, extent
from connector.activation.rates import Rates, rates
from connector.activation.vcs import revision_of

__all__ = [
    "Act",
    "Extent",
    "NothingToDoError",
    "Rates",
    "activate",
    "end_trial",
    "extent",
    "rates",
    "refuse",
    "revision_of",
    "rollback",
]
