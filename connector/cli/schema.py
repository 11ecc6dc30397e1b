"""`schema`: what an editor needs in order to complete and explain the files that people write."""

import enum
import json
from typing import Annotated

import typer

from connector.config.schemas import SCHEMAS


class File(enum.StrEnum):
    """The files that there is a schema of."""

    MAPPING = "mapping"
    CONFIG = "config"


def schema(
    file: Annotated[File, typer.Argument(help="Which file it is for.", show_default=False)],
) -> None:
    """Print the JSON Schema of mapping files or of the configuration, for editors.

    Name it in the first line of a file: # yaml-language-server: $schema=mapping.schema.json

    Example: xdr-connector schema mapping > mapping.schema.json
    """
    typer.echo(json.dumps(SCHEMAS[file](), indent=2, ensure_ascii=False))
