"""Say where our own code failed, in words that may stand in the audit for ever."""

import traceback
from pathlib import Path


def blame(error: Exception) -> str:
    """The kind of the error and the line that raised it; not its text, which may quote the incident."""
    frame, line = list(traceback.walk_tb(error.__traceback__))[-1]
    return f"{type(error).__name__} at {Path(frame.f_code.co_filename).name}:{line}"
