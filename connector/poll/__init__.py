"""Read a source, decide, and store the decisions: one transaction a page.

The transaction holds everything a page leads to (snapshots, wanted rows, note rows, audit rows, the position), so a
process may die between any two pages and nothing is half known. Deciding happens inside it, because a decision
compares with what was last intended, and that must not move between the look and the write.

`sweep` walks the source's pages; `settle` stores one page; `batch` is a page's incidents under one route, `evaluate`
one of them; `facts` are the records that mappings look at; `remap` maps again what is stored when these change.
"""

from connector.poll.batch import decisions_of
from connector.poll.in_force import InForce
from connector.poll.route import Route, Trial, tried_on
from connector.poll.sweep import Poll, Sweep

__all__ = ["InForce", "Poll", "Route", "Sweep", "Trial", "decisions_of", "tried_on"]
