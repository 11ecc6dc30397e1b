"""The tutorial, carried out: its files are written, its commands run against mocks, its screens are what they print.

What differs from one run to the next (ports, times, the mocks' folder) stands on the page as in one fixed run.
`make docs` renews the page; a test refuses a page that shows something else.
"""

import logging
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.docs.pages import ROOT
from tests.support.commandline import command_line
from tests.support.harness import STOP_SECONDS, command

PAGE = ROOT / "docs" / "tutorial.md"
# The folder in which the page says that the mocks keep their configuration.
FOLDER = "/tmp/xdr-connector-mock"  # noqa: S108  # only shown
_BLOCK = re.compile(r"```(yaml|console)\n(.*?)```", re.DOTALL)
_PORT = re.compile(r"127\.0\.0\.1:\d{4,5}")
# Moments, ages, and the tokens of notes, which follow from moments.
_FIXED = (
    (r"20\d\d-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", r"2026-01-30\g<1>10:00:00Z"),
    (r"\b\d+ s ago", "1 s ago"),
    (r"mdxdr:[0-9a-f]{12}", "mdxdr:2c74a49a13bf"),
    (r"[ \t]+$", ""),
)
_SERVICES = ("xdr", "entra", "sentinel", "servicenow", "control")


@dataclass
class Desk:
    """A folder to work in, and the mocks that were started there."""

    folder: Path
    patch: pytest.MonkeyPatch
    mocks: "subprocess.Popen[str] | None" = None
    began: str = ""

    def write(self, block: str) -> None:
        """Write a file that begins with its name; or the sections of it that a block shows, if it is there."""
        name = block.partition("\n")[0].removeprefix("# ").partition(":")[0]
        file = self.folder / name
        text = block if not file.exists() else replaced(file.read_text(encoding="utf-8"), block)
        file.write_text(text, encoding="utf-8")

    def run(self, line: str) -> str:
        """What a command prints."""
        program, *arguments = shlex.split(line, comments=True)
        if program == "curl":
            assert arguments == ["-s", "-X", "POST", "$CONTROL/scenario/advance"]
            answer = httpx.post(f"{self._control()}/scenario/advance", trust_env=False)
            return f"{answer.text}\n"
        if program == "cp":
            return self._copy(*arguments)
        assert program == "xdr-connector", line
        return self._start(arguments) if arguments[0] == "mock" else self._call(arguments)

    def _copy(self, source: str, to: str) -> str:
        text = Path(source.replace(FOLDER, self._mock_folder())).read_text(encoding="utf-8")
        # A reader is done with a chapter in two minutes; a busy machine may not be, and then fewer are read again.
        (self.folder / to).write_text(text.replace("overlap: 2m", "overlap: 1h"), encoding="utf-8")
        return ""

    def _call(self, arguments: list[str]) -> str:
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        done = command_line(self.patch, arguments)
        root.handlers[:], root.level = handlers, level
        return done.out + done.err

    def _start(self, arguments: list[str]) -> str:
        self.mocks = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, text=True)
        assert self.mocks.stdout is not None
        for line in self.mocks.stdout:
            self.began += line
            if "curl" in line:
                break
        return self.began

    def _control(self) -> str:
        return str(re.findall(r"http://[\d.:]+", self.began)[len(_SERVICES) - 1])

    def _mock_folder(self) -> str:
        (folder,) = re.findall(r"^configuration: (\S+)/config.yaml", self.began, re.MULTILINE)
        return str(folder)

    def shown(self, text: str) -> str:
        """What was printed, as in one fixed run."""
        text = text.replace(self._mock_folder(), FOLDER)
        ports = {
            found: f"127.0.0.1:{49001 + number}" for number, found in enumerate(_PORT.findall(self.began)[:5])
        }
        for pattern, fixed in (*_FIXED, *ports.items()):
            text = re.sub(pattern, fixed, text, flags=re.MULTILINE)
        return text


def replaced(text: str, block: str) -> str:
    """A YAML file with the block's top-level sections in place of its own; new ones come at the end."""
    _, *sections = re.split(r"^(?=\w)", block, flags=re.MULTILINE)
    for section in sections:
        name = section.partition(":")[0]
        found = re.search(rf"^{name}:.*?(?=\n*(^[^\s-]|\Z))", text, re.MULTILINE | re.DOTALL)
        new = section.rstrip()
        text = text.replace(found[0], new) if found else f"{text}\n{new}\n"
    return text


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """An empty folder as the present one; what is started there is stopped."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LOGNAME", "kim")
        at = Desk(folder, patch)
        try:
            yield at
        finally:
            if at.mocks is not None:
                at.mocks.terminate()
                at.mocks.communicate(timeout=STOP_SECONDS)


def renewed(page: str, folder: Path) -> str:
    """The page with what its commands print, from its first block to its last."""
    with desk(folder) as at:

        def block(found: re.Match[str]) -> str:
            kind, text = found.groups()
            if kind == "yaml":
                at.write(text)
                return found[0]
            lines = re.findall(r"^\$ (.*)$", text, re.MULTILINE)
            screen = "".join(f"$ {line}\n{at.shown(at.run(line))}" for line in lines)
            return f"```console\n{screen}```"

        return _BLOCK.sub(block, page)


def main() -> None:
    """Renew the page."""
    with tempfile.TemporaryDirectory() as folder:
        page = renewed(PAGE.read_text(encoding="utf-8"), Path(folder))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
