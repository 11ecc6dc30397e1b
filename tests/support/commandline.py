"""The command line called in the test's own process, for commands that neither log nor wait for signals.

A new interpreter takes a second to load everything; dozens of calls would make dozens of seconds.
"""

import io
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from connector.cli import main


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def command_line(monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str]) -> Done:
    """Call the program with these arguments."""
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "argv", ["xdr-connector", *arguments])
    monkeypatch.setenv("COLUMNS", "200")
    code = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(code, out.getvalue(), err.getvalue())
