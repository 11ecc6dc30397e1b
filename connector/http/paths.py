"""Paths in a configuration, relative to the file they stand in.

What a service starts in is chosen by whoever starts it; what lies beside the configuration moves with it. The
folder comes with the validation, because the models know no file.
"""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

FOLDER = "folder"  # the name of the folder in the validation's context; without it, paths stay as written


def _in_folder(path: Path, info: ValidationInfo) -> Path:
    folder: Path = (info.context or {}).get(FOLDER, Path())
    return folder / path


LocalPath = Annotated[Path, AfterValidator(_in_folder)]
