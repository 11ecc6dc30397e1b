"""From text to plain data, with every value's place remembered.

The nodes are kept, not an index of places: a place is only looked up for a complaint, and then a walk from the top
costs nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.events import AliasEvent, Event
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.scanner import Scanner

from connector.errors import ConfigError, Problem
from connector.yamlsource.mending import Put, mended
from connector.yamlsource.parts import Dropped, Gathered, Part
from connector.yamlsource.scalars import Scalars, value_of
from connector.yamlsource.syntax import syntax_problem

Path = Sequence[object]  # keys and list positions, from the top of the file

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 30_000  # keys and values; more than any table needs, and read in about a second
_BOUNDS = (
    ("too many values", f"more than {MAX_NODES} keys and values", "split the file"),
    ("levels of nesting", f"more than {MAX_DEPTH} levels of nesting", "flatten the document"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain data (`data`), able to say where each part of it stands.

    One that was put together from several files (`Part`) names, for each part, the file and the place it is from.
    """

    file: str
    data: Any
    root: Node = field(repr=False)

    @property
    def part(self) -> Part:
        """The whole document, to be taken apart."""
        return Part(self.data, self.root)

    def problem(
        self, path: Path, what: str, remedy: str, *, key: str | None = None, at_key: bool = False
    ) -> Problem:
        """A complaint about the value at `path`, or about the nearest part above it that exists.

        `at_key` points at the key instead of its value. `key` replaces the dotted path in the text.
        """
        mark, own = self._walk(path, at_key=at_key)
        return Problem(what, remedy, dotted(own) if key is None else key, *_place(mark))

    def place(self, path: Path) -> tuple[str, int, int]:
        """File, line and column of the key or list item at `path`, or of the nearest part above it."""
        return _place(self._walk(path, at_key=True)[0])

    def _walk(self, path: Path, *, at_key: bool) -> tuple[Any, Path]:
        """The mark of what is at `path`, and the path as it is in the file that it came from."""
        node, key_node = self.root, None
        own = list(path)
        for depth, part in enumerate(path):
            found = _child(node, part)
            if found is None:
                break
            if isinstance(node, Gathered) and isinstance(part, int):
                own[depth] = node.own[part]
            key_node, node = found
        chosen = key_node if at_key and key_node is not None else node
        return chosen.start_mark, own


def _place(mark: Any) -> tuple[str, int, int]:
    return mark.name, mark.line + 1, mark.column + 1


def dotted(path: Path) -> str:
    """A path as people write it: `routes[0].target`."""
    text = ""
    for part in path:
        if isinstance(part, int) and not isinstance(part, bool):
            text += f"[{part}]"
        else:
            text += f".{'null' if part is None else part}" if text else str(part)
    return text


def load(text: str | bytes, file: str) -> Document:
    """Read one YAML document; `file` is the name that complaints give it.

    Raises ConfigError for anything that is not one well-formed document within the bounds of this module.
    """
    document, problems = read(text, file)
    if problems:
        raise ConfigError(problems)
    return document


def read(text: str | bytes, file: str) -> tuple[Document, list[Problem]]:
    """Read one YAML document as far as possible, and say what is wrong; its place is marked (`mending`).

    Raises ConfigError where nothing of it can be read.
    """
    decoded = _decode(text, file)
    try:
        root = _compose(decoded, file)
    except (
        yaml.MarkedYAMLError
    ) as error:  # not as the cause: it quotes the line, whatever secret stands there
        raise ConfigError([syntax_problem(error, decoded, file, _BOUNDS)]) from None
    except ReaderError as error:
        raise ConfigError([_character_problem(error, decoded, file)]) from None
    if root is None:
        raise ConfigError([Problem("the file is empty", "write at least one key", "", file, 1, 1)])
    reading = _Reading(file)
    whole = Part(reading.value(root, ()), root)
    if () in reading.wrong:
        raise ConfigError(reading.problems)
    part = mended(whole, {path: Put(None) for path in reading.wrong}) if reading.wrong else whole
    return Document(file, part.data, part.node), reading.problems


def _decode(text: str | bytes, file: str) -> str:
    size = len(text)
    if size > MAX_BYTES:
        raise ConfigError([Problem(f"the file has {size} bytes", f"at most {MAX_BYTES} are read", "", file)])
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = text[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        what = f"byte 0x{text[error.start]:02x} is not UTF-8"
        raise ConfigError([Problem(what, "save the file as UTF-8", "", file, line, column)]) from error


class _Loader(Reader, Scanner, Parser, Composer, Scalars):
    """PyYAML's stages up to nodes, with YAML 1.2's scalars and no way to say a thing twice."""

    def __init__(self, text: str, file: str) -> None:
        Reader.__init__(self, text)
        self.name = file  # every mark, and so every node, carries it
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        Scalars.__init__(self)
        self._depth = 0
        self._nodes = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """Refuse aliases, anchors and bottomless nesting before they cost anything."""
        event: Event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it bare
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise _refused("anchors and aliases are not supported", event)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _refused("too many levels of nesting", event)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _refused("too many values", event)
        node: Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _refused(what: str, event: Event) -> yaml.MarkedYAMLError:
    mark: Any = event.start_mark
    return yaml.MarkedYAMLError(None, None, what, mark)


def _compose(text: str, file: str) -> Node | None:
    loader = _Loader(text, file)
    node: Node | None = loader.get_single_node()
    return node


def _character_problem(error: ReaderError, text: str, file: str) -> Problem:
    before = text[: error.position]
    line, column = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
    what = f"character U+{ord(text[error.position]):04X} is not allowed in YAML"
    return Problem(what, "remove it", "", file, line, column)


class _Reading:
    """Turns nodes into plain data and collects what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self.wrong: list[tuple[object, ...]] = []
        self._file = file

    def value(self, node: Node, path: tuple[object, ...]) -> Any:
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: tuple[object, ...]) -> dict[Any, Any]:
        data: dict[Any, Any] = {}
        places: dict[Any, Node] = {}
        for index, (key_node, value_node) in enumerate(node.value):
            if not isinstance(key_node, ScalarNode):
                self._refuse(key_node, path, "a key must be plain text", 'quote templates: "{{ ... }}"')
                self.wrong.append(path)
                continue
            key = self._scalar(key_node, path)
            if key in places:
                line = places[key].start_mark.line + 1
                self._refuse(key_node, (*path, key), f"the same key as in line {line}", "keep one of the two")
                node.value[index] = (key_node, Dropped(value_node))
                continue
            places[key] = key_node
            data[key] = self.value(value_node, (*path, key))
        return data

    def _scalar(self, node: Node, path: tuple[object, ...]) -> Any:
        try:
            return value_of(node)
        except ValueError as error:
            what, *remedy = error.args
            self._refuse(node, path, str(what), *(remedy or ["quote it to make it text"]))
            self.wrong.append(path)
            return None

    def _refuse(self, node: Node, path: tuple[object, ...], what: str, remedy: str) -> None:
        mark = node.start_mark
        self.problems.append(Problem(what, remedy, dotted(path), self._file, mark.line + 1, mark.column + 1))


def _child(node: Node, part: object) -> tuple[Node | None, Node] | None:
    if isinstance(node, SequenceNode):
        known = isinstance(part, int) and 0 <= part < len(node.value)
        return (None, node.value[part]) if known else None
    return next(_matches(node, part), None) if isinstance(node, MappingNode) else None


def _matches(node: MappingNode, part: object) -> Iterator[tuple[Node, Node]]:
    wanted = "null" if part is None else str(part)
    for key_node, value_node in node.value:
        if isinstance(key_node, ScalarNode) and _key_text(key_node) == wanted:
            yield key_node, value_node


def _key_text(node: ScalarNode) -> str:
    value = value_of(node)
    return "null" if value is None else str(value)
