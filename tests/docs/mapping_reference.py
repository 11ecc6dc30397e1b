"""The reference of the mapping language, written from the program: its keys, names, words and filters, and the targets.

`make docs` renews docs/mapping-reference.md below its first heading of the second level; a test refuses a page that
is not what the program says. The examples of filters are run when it is written, so that they hold, too.
"""

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from connector.mapping import load_mapping
from connector.mapping.document import FieldSpecification, MappingFile, ValueSpec
from connector.mapping.filters import FILTERS
from connector.mapping.vocabulary import PROPERTIES, Kind, Property, Vocabulary
from connector.targets import catalogues
from tests.docs import mapping_words as words
from tests.docs.mapping_targets import table, targets
from tests.docs.pages import ROOT
from tests.docs.reference import Model, fields, introduction, models_in, summary

PAGE = ROOT / "docs" / "mapping-reference.md"

# The incident that the examples of filters are about.
INCIDENT: Mapping[str, Any] = {
    "id": "4711",
    "status": "awaitingAction",
    "severity": "high",
    "displayName": "Malware on one endpoint",
    "description": "<p>Seen &amp; stopped</p>",
    "createdDateTime": "2026-01-30T09:00:00Z",
    "devices": ["lap-1", "lap-2"],
    "categories": ["Execution", "Execution"],
}
_HEADINGS: Mapping[Model, str] = {
    MappingFile: "The file",
    FieldSpecification: "A field",
    ValueSpec: "A value",
}
_PLAIN: Mapping[Any, str] = {str: "text", int: "number", bool: "true or false", None: "null", Any: "anything"}
_UNIONS: Mapping[frozenset[Any], str] = {
    frozenset({str, int, bool}): "plain value",
    frozenset({str, bool}): "expression",
}
_KINDS: Mapping[Kind, str] = {
    Kind.ENUM: "word",
    Kind.TEXTS: "list of texts",
    Kind.COMMENTS: "list of comments",
}


def render() -> str:
    """The part of the page that follows from the program."""
    parts = (_keys(), _names(), _words(), _filters(), targets())
    return "\n".join(line for part in parts for line in part)


def models() -> list[Model]:
    """Every part of a mapping file, in the order in which it is met."""
    found: list[Model] = [MappingFile]
    for model in found:
        met = (inner for _, field in fields(model) for inner in models_in(field.annotation))
        found.extend(inner for inner in dict.fromkeys(met) if inner not in found)
    return found


def _keys() -> Iterator[str]:
    yield "## Keys\n"
    yield "A *plain value* is text, a number, `true` or `false`; an *expression* is text, `true` or `false`.\n"
    for model in models():
        yield f"### {heading(model)}\n"
        yield f"{summary(model)}\n"
        rows = [
            (f"`{field.alias or name}`", kind_of(field.annotation), _default(field), _meaning(field))
            for name, field in fields(model)
        ]
        yield from table("key | value | default | meaning", rows)


def heading(model: Model) -> str:
    """What a part of a mapping file is called: by hand, or by its class."""
    name = model.__name__.removesuffix("Spec")
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    article = "" if name.endswith("s") else "An " if spaced[0] in "aeiou" else "A "
    return _HEADINGS.get(model) or (f"{article}{spaced}" if article else spaced.capitalize())


def kind_of(annotation: Any) -> str:
    """What sort of value an annotation means, in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in arguments)
    if origin in {list, dict}:
        return _kind_of_many(arguments)
    parts = [part for part in arguments if part is not type(None)]
    if not parts:
        title = heading(annotation)
        return f"[{title[0].lower()}{title[1:]}](#{title.lower().replace(' ', '-')})"
    if origin is Annotated:
        return kind_of(parts[0])
    assert origin in {Union, types.UnionType}, annotation
    known = _UNIONS.get(frozenset(parts))
    return known or ", or ".join(dict.fromkeys(kind_of(part) for part in parts))


def _kind_of_many(arguments: tuple[Any, ...]) -> str:
    if len(arguments) == 1:
        return "list" if arguments == (Any,) else f"list: {kind_of(arguments[0])}"
    key, value = arguments
    return f"by {'word' if bool in get_args(key) else 'name'}: {kind_of(value)}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, str | int) and value != "" else ""


def _meaning(field: FieldInfo) -> str:
    most = [each.max_length for each in field.metadata if getattr(each, "max_length", None)]
    return (field.description or "") + (f" At most {most[0]:,}." if most else "")


def _names() -> Iterator[str]:
    assert set(words.PROPERTIES) == set(PROPERTIES), "tests/docs/mapping_words.py"
    yield "## Names\n"
    yield "What an expression may name. The properties down to `lastUpdateDateTime` are those of learn.microsoft.com,"
    yield '"incident resource type"; `experts`, `portalUrl`, and what is gathered from the alerts are worked out here.'
    yield "Lists from alerts hold up to 200 different texts in order, and are empty where the source reads none.\n"
    rows = [(f"`{name}`", _kind(PROPERTIES[name]), says) for name, says in words.PROPERTIES.items()]
    yield from table("property | kind | meaning", rows)
    yield from table(
        "other name | meaning", [(f"`{name}`", says) for name, says in words.OTHER_NAMES.items()]
    )


def _kind(known: Property) -> str:
    named = known.vocabulary if known.kind is Kind.ENUM else None
    return f"[{named.name}](#{named.name})" if named else _KINDS.get(known.kind, known.kind.value)


def vocabularies() -> dict[str, Vocabulary]:
    """The enums that a property may hold a word of."""
    found = (known.vocabulary for known in PROPERTIES.values() if known.kind is Kind.ENUM)
    return {each.name: each for each in found if each is not None}


def _words() -> Iterator[str]:
    yield "## Words\n"
    yield "The words of each enum, in the vendor's order, and what the filter `text` makes of them. A word may be"
    yield 'written in any case. Sources: learn.microsoft.com, "incident resource type"; for `text`, "Manage incidents";'
    yield 'for `experts`, "Managed detection and response".\n'
    for name, vocabulary in vocabularies().items():
        yield f"### {name}\n"
        other = dict[str, list[str]]()
        for spelling, member in vocabulary.spellings.items():
            other.setdefault(member, []).append(f"`{spelling}`")
        rows = [
            (f"`{word}`", shown, ", ".join(other.get(word, []))) for word, shown in vocabulary.words.items()
        ]
        if other:
            yield from table("word | `text` | also read as", rows)
        else:
            yield from table("word | `text`", [row[:2] for row in rows])


def _filters() -> Iterator[str]:
    assert set(words.FILTERS) == set(FILTERS), "tests/docs/mapping_words.py"
    yield "## Filters\n"
    rows = []
    for name, (says, example) in words.FILTERS.items():
        least, most = FILTERS[name].least, FILTERS[name].most
        arguments = str(least) if least == most else f"{least} or {most}"
        rows.append((f"`{name}`", arguments, says, f"`{example}`", f"`{shown(example)}`"))
    yield from table("filter | arguments | gives | example | gives there", rows)


def shown(expression: str) -> str:
    """What an expression gives for the incident of the examples."""
    text = f'version: 1\nname: shown\ntarget: servicenow\nfields: {{description: "{{{{ {expression} }}}}"}}\n'
    mapping = load_mapping(text, "shown.yaml", catalogues=catalogues(), vars={})
    return str(mapping.apply(dict(INCIDENT), None).record.fields["description"])


def main() -> None:
    """Renew the page."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(f"{introduction(text)}\n{render()}", encoding="utf-8")


if __name__ == "__main__":
    main()
