"""The switches of the Graph mock: limits nobody documents, and the oddities a client must survive."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class GraphSettings:
    """Every member may be changed while the mock runs.

    `max_top` clamps `$top` (with `strict_top` a larger one is a 400), `page_size` is for no `$top`.
    `rate_limit` is requests per minute, None for no limit; `retry_after` says whether a 429 names the wait.
    `unsorted` shuffles each page, `short_pages` halves it, `empty_pages` puts an empty page with a link
    after each full one, `failing_links` lets every nextLink end in a 500. An expanded read fails with 500
    when it would show one of `poison_ids`, or more than `max_expanded_alerts` alerts.
    `withhold_new_members` is the Prefer header's gate; `strict_pairs` refuses classification and
    determination that do not belong together; `portal_fields` lets the API write name, severity and texts.
    """

    max_top: int = 50
    strict_top: bool = False
    page_size: int = 50
    max_skip: int = 500
    next_link: Literal["skiptoken", "skip"] = "skiptoken"
    rate_limit: int | None = None
    retry_after: bool = True
    unsorted: bool = False
    short_pages: bool = False
    empty_pages: bool = False
    failing_links: bool = False
    poison_ids: list[str] = field(default_factory=list)
    max_expanded_alerts: int | None = None
    withhold_new_members: bool = True
    strict_pairs: bool = True
    portal_fields: bool = True
