"""Take due rows to a target and store what it answered.

A row is claimed in one transaction (the attempt is on record before anything is sent), delivered outside of any,
and its receipt, applied values and audit rows are stored in another. A process may die between any two of these
steps: the row is still due, and its token says that an answer may have been lost, so the next attempt looks before
it writes.

`deliverer` keeps a few deliveries of one target in flight; `attempt` is one delivery; `settle` stores how it ended.
"""

from connector.deliver.brakes import Brakes
from connector.deliver.deliverer import Deliverer
from connector.deliver.dependants import Dependants

__all__ = ["Brakes", "Deliverer", "Dependants"]
