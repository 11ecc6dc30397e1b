"""The commands under `mapping`: the workbench of whoever writes mappings."""

from types import MappingProxyType

import typer

from connector.cli.lazy import LazyGroup


class Commands(LazyGroup):
    """What can be done with mappings."""

    places = MappingProxyType(
        {
            "check": "connector.cli.mapping_check:check",
            "test": "connector.cli.mapping_examples:run",
            "explain": "connector.cli.mapping_explain:explain",
            "coverage": "connector.cli.mapping_coverage:coverage",
            "diff": "connector.cli.mapping_diff:diff",
            "activate": "connector.cli.mapping_activation:activate",
            "rollback": "connector.cli.mapping_activation:rollback",
            "history": "connector.cli.mapping_activation:history",
        }
    )


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, rich_markup_mode="rich")


@app.callback()
def mapping() -> None:
    """Write mappings: check, test, explain, survey and compare them."""
