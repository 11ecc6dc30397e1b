"""`mapping test --from-incident`: an example made from a stored incident, printed or appended to the file."""

import asyncio
import os
import sys
from pathlib import Path

import typer

from connector.cli.exits import Exit, say, say_unknown
from connector.cli.stored import Surroundings
from connector.config.bindings import Binding, load_file
from connector.config.mappings import read_mapping
from connector.mapping import SHIPPED, Bases, CompiledMapping
from connector.mapping.drafting import appended, as_text, draft
from connector.model import JSON


def add_example(file: str, incident: str, binding: Binding, config: Path, *, write: bool) -> None:
    """Make an example from an incident that is stored, and print it or append it to the file."""
    if write and file.startswith(SHIPPED):
        raise typer.BadParameter("shipped files are not written to; copy it first", param_hint="--write")
    mapping = load_file(file, binding, Bases(read_mapping), run_examples=False)
    surroundings = Surroundings.read(config)
    found = asyncio.run(surroundings.look(lambda tx: surroundings.remembered(tx, incident, binding)))
    if found is None:
        say_unknown(incident)
        raise typer.Exit(Exit.FAILED)
    example = draft(mapping, *found.at(-1), f"incident {found.key.incident}")
    if write:
        _write(mapping, file, example)
        say(f"{file}: the example `{example['name']}` was added; read it before you share it")
    else:
        sys.stdout.write(as_text(example))


def _write(mapping: CompiledMapping, file: str, example: dict[str, JSON]) -> None:
    """Replace the file in one step, so that nobody ever reads half of it."""
    text = appended(mapping.text, file, example)
    path = Path(file).resolve()
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("x", encoding="utf-8", newline="") as opened:
            opened.write(text)
        beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
