"""Which page to ask for next, and how far the source has been read; pure, so that any order can be tried.

A next link is an offset into a list whose rows move: an incident that changes leaves its place, and the one
behind it slips past the page border unseen. So a link is taken only as the sign that there is more, and the
next page is asked for from the last time seen; what shares that time comes again and is recognised. Links
are followed where nothing else leads on:

* One time fills a page. Then the rows of that time are read once more, until a pass brings nothing new.
* The rows are not in order. Then all pages are read, and the sweep ends no further than the first page's
  latest time, so that the next sweep looks at the rest again.
* The rows left are dated in the future. A position there would hide every later update, so such a time leads
  nowhere, and the rows come again with each sweep until time has caught up with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from connector.errors import TransientError
from connector.model import Revision

MOST_PAGES = 1_000
_MOST_PASSES = 3


@dataclass(frozen=True, slots=True)
class Step:
    """What a page came to: how far the source has been read (None: no further); was it the last."""

    position: Revision | None
    last: bool = False


@dataclass(slots=True)
class Course:
    """Ask for `link` if there is one, else for everything since `low`; then tell `step` what came.

    Times after `horizon` lie in the future.
    """

    low: Revision
    link: str = ""
    horizon: Revision | None = None
    _followed: set[str] = field(default_factory=set)
    _to_the_end: bool = False
    _cap: Revision | None = None
    _passes: int = 1
    _fresh: int = 0
    _pages: int = 0

    @property
    def is_long(self) -> bool:
        """Whether so many pages were read that the rest should wait for the next sweep."""
        return self._pages >= MOST_PAGES

    def leads_on(self, time: Revision) -> bool:
        """Whether a source may be said to have been read up to this time."""
        return self.horizon is None or time.ticks <= self.horizon.ticks

    def step(self, times: Sequence[Revision], link: str, *, fresh: int) -> Step:
        """Decide after a page.

        `times` are its rows' revisions in the order they came, `link` the next link or "", `fresh` how many of its
        rows were new. Raises TransientError when the links lead nowhere.
        """
        self._pages += 1
        self._fresh += fresh
        latest = max(filter(self.leads_on, times), key=lambda time: time.ticks, default=None)
        if self._to_the_end or any(a.ticks > b.ticks for a, b in pairwise(times)):
            return self._on(link, latest)
        if latest is not None and latest.ticks > self.low.ticks:
            return self._past(latest, link)
        if link:
            self._follow(link)
        return Step(latest, last=not link)

    def restart(self) -> None:
        """Forget the links: the next page is asked for from `low`."""
        self.link = ""
        self._followed.clear()
        self._to_the_end = False
        self._cap = None
        self._fresh = 0

    def _past(self, latest: Revision, link: str) -> Step:
        """After a page that leads past `low`; behind a tie only once a pass over the tie brought nothing new."""
        if self.link and self._fresh and self._passes < _MOST_PASSES:
            self._passes += 1
            self.restart()
            return Step(self.low)
        self._passes = 1
        self.restart()
        self.low = latest
        return Step(latest, last=not link or self.is_long)

    def _on(self, link: str, latest: Revision | None) -> Step:
        """After a page of an unordered list."""
        self._to_the_end = True
        self._cap = self._cap or latest
        if not link:
            return Step(self._cap, last=True)
        self._follow(link)
        return Step(None)

    def _follow(self, link: str) -> None:
        if link in self._followed:
            raise TransientError("list incidents: the next link repeats")
        if self.is_long:
            raise TransientError(f"list incidents: the links go on after {MOST_PAGES} pages")
        self._followed.add(link)
        self.link = link
