"""A mapping and the mappings that it extends, put together to one document.

`extends` names a base: a mapping file for the same target, which may extend another one. What is nearer wins, and a
rule is taken or replaced as a whole: whoever reads it in one file sees all of it. `drop` takes a rule of a base away.
Each file's shape is judged by itself, so that a mistake of a base is told in the base's own terms, and once, however
many mappings extend it; what the rules mean is judged when they are together.
"""

import os.path
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from connector.errors import ConfigError, Problem, unreadable
from connector.mapping.document import MappingFile
from connector.mapping.layers import Layer, Merger, layer_of
from connector.mapping.shape import fit
from connector.yamlsource import Document
from connector.yamlsource.document import read

# The mapping itself and its bases.
MAX_FILES = 8
# Of a file's name, in a complaint.
_LONGEST = 200
SHIPPED = "shipped:"
Read = Callable[[str], bytes]
Sources = tuple[tuple[str, str], ...]


class Bases:
    """The bases of all the mappings that are loaded together: each is read and judged once.

    `read` gives the text of a file by its name, which is a path like the extending file's own, or `shipped:FILE`.
    It raises OSError, or ValueError for what cannot be a file's name.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._known: dict[str, Layer | ConfigError] = {}

    def layer(self, name: str) -> Layer:
        """The file of this name. Raises ConfigError for what is no mapping file, and what `read` raises."""
        if name not in self._known:
            self._known[name] = self._judged(name)
        known = self._known[name]
        if isinstance(known, ConfigError):
            raise known
        return known

    def _judged(self, name: str) -> Layer | ConfigError:
        text = self._read(name)
        try:
            return read_layer(text, name)
        except ConfigError as error:
            return error


@dataclass(frozen=True, slots=True)
class Composition:
    """One document made of all the files, as a model, what is wrong so far, and each file's text, nearest first.

    `partial`: a base is missing, so that a name may be defined there. `unsure`: it is not known which rules there are.
    """

    document: Document
    file: MappingFile
    problems: list[Problem]
    sources: Sources
    partial: bool
    unsure: bool


def read_layer(text: str | bytes, name: str) -> Layer:
    """One file by itself. Raises ConfigError where nothing of it can be read."""
    document, wrong = read(text, name)
    return layer_of(document, text if isinstance(text, str) else text.decode("utf-8-sig"), wrong)


def compose(text: str | bytes, file: str, bases: Bases | None) -> Composition:
    """The mapping in `text` with its bases, as far as they can be read. Raises ConfigError where itself cannot."""
    chain = _Chain(read_layer(text, file))
    problems = _extended(chain, bases)
    layers = chain.layers
    problems = list(dict.fromkeys([*(told for layer in layers for told in layer.problems), *problems]))
    sources = tuple((layer.name, layer.text) for layer in layers)
    fitted, partial = chain.last.fitted, chain.last.extends is not None or chain.last.lacks_base
    unsure = partial or any(layer.unsure for layer in layers)
    if len(layers) > 1:
        merger = Merger(layers)
        merged, more = fit(merger.document())
        problems += [*merger.problems, *more]
        if merged is None:
            raise ConfigError(problems)
        fitted = merged
        unsure = unsure or bool(merger.problems) or any(layer.is_torn for layer in layers)
    return Composition(fitted.document, fitted.file, problems, sources, partial, unsure)


def _extended(chain: "_Chain", bases: Bases | None) -> Sequence[Problem]:
    """What keeps the chain from going on to its end."""
    try:
        while (written := chain.last.extends) is not None:
            chain.extend(written, bases)
    except ConfigError as error:
        return error.problems
    return ()


class _Chain:
    """Files of which each extends the next."""

    def __init__(self, first: Layer) -> None:
        self.layers = [first]

    @property
    def last(self) -> Layer:
        """The base that was found last."""
        return self.layers[-1]

    def extend(self, written: str, bases: Bases | None) -> None:
        """Add the base that the last file names. Raises ConfigError where that is impossible."""
        name = _named(written, self.last.name)
        names = [each.name for each in self.layers]
        if _normal(name) in map(_normal, names):
            around = names[list(map(_normal, names)).index(_normal(name)) :]
            raise self._impossible(
                f"goes in a circle: {' -> '.join(map(_short, [*around, name]))}", "remove one `extends`"
            )
        if len(names) == MAX_FILES:
            what = f"more than {MAX_FILES} files extend one another: {' -> '.join(map(_short, names))}"
            raise self._impossible(what, "put some of them together")
        base = self._base(name, bases)
        if None not in (base.target, self.last.target) and base.target != self.last.target:
            what = f"{_short(name)} is for {base.target}, and this mapping for {self.last.target}"
            raise self._impossible(what, "extend a mapping for the same target", base)
        self.layers.append(base)

    def _base(self, name: str, bases: Bases | None) -> Layer:
        if bases is None:
            raise self._impossible("no other file can be read here", "write its rules into this file")
        try:
            return bases.layer(name)
        except (OSError, ValueError) as error:
            remedy = f"name a file relative to this one, or {SHIPPED}FILE"
            raise self._impossible(f"{_short(name)} cannot be read: {unreadable(error)}", remedy) from None

    def _impossible(self, what: str, remedy: str, *others: Layer) -> ConfigError:
        problem = self.last.document.problem(("extends",), what, remedy)
        return ConfigError([*(told for layer in others for told in layer.problems), problem])


def _short(name: str) -> str:
    """A name as a complaint gives it: what cannot be printed is told, and the end of a long one tells most."""
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)
    return shown if len(shown) <= _LONGEST else "…" + shown[1 - _LONGEST :]


def _named(written: str, file: str) -> str:
    """A base's name as `read` takes it: beside the file that names it, unless it is shipped."""
    if written.startswith(SHIPPED):
        return written
    if file.startswith(SHIPPED):
        return f"{SHIPPED}{written}"
    return os.path.normpath(PurePath(file).parent / written)


def _normal(name: str) -> str:
    return name if name.startswith(SHIPPED) else os.path.normpath(name)
