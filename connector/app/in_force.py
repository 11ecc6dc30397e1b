"""The configuration as far as work needs it: where a mapping file is wrong, what is in force takes its place."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from connector.app.build import open_store
from connector.config import Config, load
from connector.config.bindings import without_mappings
from connector.config.load import read_document
from connector.config.mappings import Recipe
from connector.config.outline import Outline
from connector.errors import ConfigError, StateError, TransientError
from connector.mapping import CompiledMapping
from connector.store import Tx, activations
from connector.store.activations import Activation


def load_in_force(path: Path) -> Config:
    """The configuration at `path`; for a route whose mapping file is wrong, with the mapping in force instead.

    Raises ConfigError with every problem, where one of them is more than that.
    """
    try:
        return load(path)
    except ConfigError:
        kept = asyncio.run(_kept(path))
        if not kept:
            raise
    return load(path, instead=lambda recipe: _compiled(recipe, kept))


def active(path: Path, route: str) -> CompiledMapping | None:
    """The mapping in force on a route of the configuration at `path`; None where none is known to be.

    Raises ConfigError where this version of the program does not take it any more.
    """
    kept = asyncio.run(_kept(path)).get(route)
    outline = Outline.of(read_document(path))
    recipes = (Recipe.of(outline, each, path.parent) for each in outline.routes if each.name == route)
    recipe = next(filter(None, recipes), None)
    return recipe.from_sources(kept.sources, kept.vars) if kept is not None and recipe is not None else None


async def _kept(path: Path) -> Mapping[str, Activation]:
    """What is in force by the state of a configuration; nothing where either cannot be read."""
    with suppress(ConfigError, StateError, TransientError):
        store = await open_store(without_mappings(path), readonly=True)
        try:
            return await store.read(_whole)
        finally:
            await store.close()
    return {}


def _whole(tx: Tx) -> dict[str, Activation]:
    routes = activations.heads(tx)
    found = {route: activations.standing(tx, route).whole for route in routes}
    return {route: each for route, each in found.items() if each is not None}


def _compiled(recipe: Recipe, kept: Mapping[str, Activation]) -> CompiledMapping | None:
    found = kept.get(recipe.route.name)
    if found is None:
        return None
    with suppress(ConfigError):  # then the complaints about the file are what helps
        return recipe.from_sources(found.sources, found.vars)
    return None
