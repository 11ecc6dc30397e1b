"""Writes docs/schemas: what `xdr-connector schema` prints, for the files of this repository. Run by `make docs`."""

import json
from pathlib import Path

from connector.config.schemas import SCHEMAS
from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "schemas"


def renewed() -> dict[Path, str]:
    """Each schema's file, and what stands in it."""
    return {
        FOLDER / f"{name}.schema.json": json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
        for name, make in SCHEMAS.items()
    }


if __name__ == "__main__":
    for file, text in renewed().items():
        file.write_text(text, encoding="utf-8")
