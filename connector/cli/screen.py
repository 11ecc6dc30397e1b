"""Tables for people: as wide as the terminal, or, where there is none, of a fixed width."""

import sys
from collections.abc import Collection
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from connector.telemetry import escape

WIDTH = 110  # of output that is no terminal, so that it reads the same wherever it is pasted


class Screen:
    """Prints to standard output; every text is escaped by `plain` before it gets here."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks on."""
        return self._console.is_terminal

    def show(self, what: RenderableType) -> None:
        """Print a text or a table."""
        if self._console.is_terminal:
            self._console.print(what)
            return
        out = StringIO()
        Console(file=out, width=WIDTH, highlight=False).print(what)
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())
        sys.stdout.flush()

    def line(self, text: str, style: str = "") -> None:
        """Print one line, however long; styles are for terminals."""
        if self._console.is_terminal:
            self._console.print(plain(text, style), soft_wrap=True)
        else:
            sys.stdout.write(f"{escape(text).rstrip()}\n")


def plain(text: str, style: str = "") -> Text:
    """A text with nothing in it that could steer a terminal, and no markup."""
    return Text(escape(text), style=style)


def table(title: str, *heads: str, whole: Collection[str] = ()) -> Table:
    """An empty table with these heads; the cells of columns in `whole` are never broken into lines."""
    shown = Table(title=plain(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for head in heads:
        shown.add_column(head, overflow="fold", no_wrap=head in whole)
    return shown


def add(shown: Table, *cells: str) -> None:
    """Add a row; a line break in a cell begins a new line in it."""
    shown.add_row(*(Text("\n".join(escape(line) for line in cell.split("\n"))) for cell in cells))
