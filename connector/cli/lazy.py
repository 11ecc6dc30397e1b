"""Commands that are loaded when they are called: nobody who checks a mapping waits for a database and a scheduler.

A group knows where each of its commands is to be found. Only help, which names them all, loads them all.
"""

from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


class LazyGroup(TyperGroup):
    """A group of the commands at `places`: by name `module:function`, or `module:app` for a group."""

    places: ClassVar[Mapping[str, str]]

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands: Any = _Commands(self.places)


class _Commands(UserDict[str, Any]):
    """Gives each command from its place."""

    def __getitem__(self, name: str) -> Any:
        module, _, member = super().__getitem__(name).partition(":")
        found = getattr(import_module(module), member)
        app = found if isinstance(found, typer.Typer) else _alone(name, found)
        command = typer.main.get_command(app)
        command.name = name
        return command


def _alone(name: str, function: Any) -> typer.Typer:
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.command(name)(function)
    return app
