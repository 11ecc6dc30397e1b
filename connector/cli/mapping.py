"""The commands under `mapping`: the workbench of whoever writes mappings."""

import typer

from connector.cli import (
    mapping_activation,
    mapping_check,
    mapping_coverage,
    mapping_diff,
    mapping_examples,
    mapping_explain,
)

app = typer.Typer(help="Write mappings: check, test, explain, survey and compare them.", no_args_is_help=True)
app.command("check")(mapping_check.check)
app.command("test")(mapping_examples.run)
app.command("explain")(mapping_explain.explain)
app.command("coverage")(mapping_coverage.coverage)
app.command("diff")(mapping_diff.diff)
app.command("activate")(mapping_activation.activate)
app.command("rollback")(mapping_activation.rollback)
app.command("history")(mapping_activation.history)
