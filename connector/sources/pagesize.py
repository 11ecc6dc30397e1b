"""How many incidents to ask for at once: no page says what the service takes, so it is learnt by asking."""

import re
from dataclasses import dataclass

_ABOUT_SIZE = re.compile(r"\btop\b|\blimit\b|page.?size", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\d.-])\d{1,5}(?![\d.-])")


@dataclass(slots=True)
class PageSize:
    """Less after a failure, growing back after a success, and never again more than the service refused."""

    most: int
    now: int = 0

    def __post_init__(self) -> None:
        self.now = self.now or self.most

    @property
    def is_reduced(self) -> bool:
        """Whether less is asked for than could be."""
        return self.now < self.most

    def halve(self) -> None:
        """After a page that could not be had."""
        self.now = max(1, self.now // 2)

    def grow(self) -> None:
        """After a page that could."""
        self.now = min(self.most, self.now * 2)

    def refused(self, message: str) -> bool:
        """Learn from a refusal; whether it was about the size, so that asking again makes sense.

        A limit that the message names is taken, the largest number below what was asked for; else half is
        tried.
        """
        if self.now == 1 or not _ABOUT_SIZE.search(message):
            return False
        named = [int(number) for number in _NUMBER.findall(message) if 0 < int(number) < self.now]
        self.most = self.now = max(named, default=self.now // 2)
        return True
