"""The mapping that a route names, compiled for the route's target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connector.config.outline import Outline, RouteOutline, TargetOutline
from connector.config.withheld import without_secrets
from connector.errors import ConfigError, Problem, unreadable
from connector.mapping import SHIPPED, Bases, CompiledMapping, load_mapping
from connector.model import JSON
from connector.targets import catalogues
from connector.yamlsource import MAX_BYTES, sounds_secret


def shipped_mappings() -> Path:
    """The folder of the mappings that come with the program, in a wheel or in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "_shipped" / "mappings"
    return installed if installed.is_dir() else package.parent / "mappings"


def path_of(name: str) -> Path:
    """Where a mapping file lies that is named by a path, or as `shipped:FILE`."""
    if name.startswith(SHIPPED):
        return shipped_mappings() / Path(name.removeprefix(SHIPPED)).name
    return Path(name)


def read_mapping(name: str) -> bytes:
    """The text of a mapping file: a path, or `shipped:FILE`; no more of it than shows that it is too large.

    Raises OSError, and ValueError for what cannot be a file's name.
    """
    with path_of(name).open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a route's mapping is compiled: its file, and what the route gives it."""

    route: RouteOutline
    target: TargetOutline
    folder: Path = field(repr=False)
    outline: Outline = field(repr=False)

    @classmethod
    def of(cls, outline: Outline, route: RouteOutline, folder: Path) -> "Recipe | None":
        """The route's; None where it names no mapping, or no target to compile it for.

        `folder` is where relative paths begin.
        """
        target = outline.target(route.target)
        if target is None or not route.mapping or target.type not in catalogues():
            return None
        return cls(route, target, folder, outline)

    @property
    def file(self) -> str:
        """The mapping file's name, as complaints give it."""
        written = self.route.mapping
        return written if written.startswith(SHIPPED) else str(self.folder / written)

    def from_file(self, bases: Bases) -> CompiledMapping:
        """What the file holds. Raises ConfigError with every problem of the mapping."""
        try:
            text = read_mapping(self.file)
        except (OSError, ValueError) as error:
            what = f"the mapping {self.route.mapping!r} cannot be read: {unreadable(error)}"
            remedy = f"paths are relative to this file; shipped are: {', '.join(shipped_names())}"
            raise ConfigError([self._problem(what, remedy)]) from None
        return self._checked(self._compiled(text, self.file, self.route.variables, bases))

    def from_sources(
        self, sources: Sequence[tuple[str, str]], variables: Mapping[str, JSON]
    ) -> CompiledMapping | None:
        """A mapping that was kept, with the texts of its bases; None where it is for another type of target.

        Secrets among the vars are not kept: they are taken from the configuration. Examples are not run again. Raises
        ConfigError for a text that this version of the program does not take any more.
        """
        texts = dict(sources)
        file, text = sources[0]
        secrets = {name: value for name, value in self.route.variables.items() if sounds_secret(name)}
        given = {**secrets, **variables}
        mapping = self._compiled(text, file, given, Bases(lambda name: _kept(texts, name)), examples=False)
        return mapping if mapping.target == self.target.type else None

    def _compiled(
        self,
        text: str | bytes,
        file: str,
        variables: Mapping[str, JSON],
        bases: Bases,
        *,
        examples: bool = True,
    ) -> CompiledMapping:
        try:
            return load_mapping(
                text,
                file,
                catalogues=catalogues(),
                vars=variables,
                source_name=self.route.source,
                routes=self.outline.link_names(self.route, catalogues()),
                microsoft_owned=self.target.microsoft_owned,
                run_examples=examples,
                read=bases,
            )
        except ConfigError as error:
            raise ConfigError(without_secrets(error.problems, self.route.variables)) from None

    def _checked(self, mapping: CompiledMapping) -> CompiledMapping:
        target = self.target
        if mapping.target != target.type:
            what = (
                f"the mapping {mapping.name!r} is for {mapping.target}, but {target.name!r} is {target.type}"
            )
            raise ConfigError([self._problem(what, "choose another mapping or target")])
        return mapping

    def _problem(self, what: str, remedy: str) -> Problem:
        return self.outline.document.problem(("routes", self.route.index, "mapping"), what, remedy)


def _kept(texts: Mapping[str, str], name: str) -> bytes:
    if name not in texts:
        raise FileNotFoundError(name)
    return texts[name].encode()


def shipped_names() -> list[str]:
    """What the mappings that come with the program are called in a configuration."""
    return [f"{SHIPPED}{file.name}" for file in sorted(shipped_mappings().glob("*.yaml"))]
