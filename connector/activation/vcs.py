"""Which revision of a work tree a file lies in, read from Git's own files: no program has to be there to be asked."""

import re
from pathlib import Path

_REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LONGEST = 1 << 20  # a packed-refs file beyond it is not worth reading


def revision_of(file: Path) -> str:
    """The revision that is checked out where the file lies; "" outside of any work tree, or where it cannot be told."""
    try:
        top = next(each for each in file.resolve().parents if (each / ".git").exists())
        return _head(_folder(top / ".git"))
    except (OSError, ValueError, StopIteration):
        return ""


def _folder(git: Path) -> Path:
    """The folder behind `.git`, which in a linked work tree is a file that names it."""
    if git.is_dir():
        return git
    return git.parent / _text(git).removeprefix("gitdir:").strip()


def _head(folder: Path) -> str:
    said = _text(folder / "HEAD").strip()
    if not said.startswith("ref:"):
        return _revision(said)
    name = said.removeprefix("ref:").strip()
    shared = folder / _text(folder / "commondir").strip() if (folder / "commondir").exists() else folder
    for place in (folder / name, shared / name):
        if place.is_file():
            return _revision(_text(place).strip())
    return _packed(shared / "packed-refs", name)


def _packed(file: Path, name: str) -> str:
    lines = (line.split(" ") for line in _text(file).splitlines())
    return next((_revision(line[0]) for line in lines if line[1:] == [name]), "")


def _revision(text: str) -> str:
    return text if _REVISION.fullmatch(text) else ""


def _text(file: Path) -> str:
    with file.open(encoding="utf-8", errors="replace") as opened:
        return opened.read(_LONGEST)
