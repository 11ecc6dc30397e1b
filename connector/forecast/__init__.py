"""What the next pass would write, found out without writing anything; and holding a pass to exactly that.

The connector itself does it: its own polls and deliverers work on a copy of the state in memory (`scratch`), with
targets whose writes are written down instead of sent (`rehearsing`). So a plan follows from the very code that
delivers, waiting rows, coalescing and refusals included, and cannot come to another result.

`plan` is what came out, and its file; `items` draws it from what was tried; `moved` compares two plans; `pages` lets
through of a source what was planned and nothing else.
"""

from connector.forecast.items import items_of
from connector.forecast.moved import Moved, moved
from connector.forecast.pages import FilteredSource, Only
from connector.forecast.plan import Item, Plan, check_place, read_plan, write_plan
from connector.forecast.rehearsing import RehearsingTarget
from connector.forecast.scratch import Scratch

__all__ = [
    "FilteredSource",
    "Item",
    "Moved",
    "Only",
    "Plan",
    "RehearsingTarget",
    "Scratch",
    "check_place",
    "items_of",
    "moved",
    "read_plan",
    "write_plan",
]
