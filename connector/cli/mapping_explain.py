"""`mapping explain`: why each field of a record has its value."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.mapping_files import (
    MaybeConfigOption,
    MicrosoftOption,
    RouteOption,
    SourceOption,
    VarsOption,
    binding_of,
)
from connector.cli.mapping_incident import Given, from_file, live, stored
from connector.cli.options import JsonOption
from connector.cli.screen import Screen, add, table
from connector.cli.stored import Surroundings
from connector.config.bindings import Binding, load_file
from connector.config.mappings import read_mapping
from connector.mapping import Bases, CompiledMapping
from connector.mapping.explain import CreateReason, Explanation, FieldReason, ScopeReason
from connector.mapping.explain import explain as reasons_of
from connector.mapping.places import Place
from connector.mapping.reading import Looked
from connector.mapping.text import as_json as compact
from connector.mapping.text import cut
from connector.model import JSON
from connector.model import as_json as field_as_json

_HEADS = ("field", "value", "because of", "mode", "rule", "line")
_LONGEST = 60  # of a value that was looked at; --json has all of it


def explain(
    file: Annotated[str, typer.Argument(help="A mapping file. Without it: the mapping of --route.")],
    incident: Annotated[
        str | None,
        typer.Argument(
            help="A JSON or YAML file, or with --config a stored incident's number or TENANT/NUMBER."
        ),
    ] = None,
    *,
    at: Annotated[
        str | None, typer.Option("--at", metavar="REVISION", help="An earlier stored revision.")
    ] = None,
    from_source: Annotated[bool, typer.Option("--live", help="As the source has the incident now.")] = False,
    variables: VarsOption = None,
    source: SourceOption = "",
    microsoft: MicrosoftOption = False,
    config: MaybeConfigOption = None,
    route: RouteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a mapping says of one incident, what it looked at, and the line that decided.

    --at takes a stored revision's lastUpdateDateTime, or how it begins.
    Exit code 0: explained. 1: there is no such incident, or its revision is not stored any more.

    Example: xdr-connector mapping explain shipped:sentinel.yaml incident.json
    """
    binding = binding_of(variables, source, microsoft, config, route, [] if incident is None else [file])
    name, wanted = (file, incident) if incident is not None else (_mapping_of(binding), file)
    mapping = load_file(name, binding, Bases(read_mapping), run_examples=False)
    given = _given(wanted, at, binding, config, from_source=from_source)
    explanation = reasons_of(mapping, given.snapshot, given.old, given.facts)
    if as_json:
        typer.echo(json.dumps(_as_json(mapping, given, explanation)))
    else:
        _print(mapping, given, explanation, Screen())


def _mapping_of(binding: Binding) -> str:
    if not binding.mapping:
        raise typer.BadParameter("name a mapping file and an incident, or an incident and --config")
    return binding.mapping


def _given(
    incident: str, at: str | None, binding: Binding, config: Path | None, *, from_source: bool
) -> Given:
    if at is not None and from_source:
        raise typer.BadParameter("choose --at or --live")
    if not from_source and at is None and Path(incident).is_file():
        return from_file(incident)
    if config is None:
        what = f"there is no file {incident!r}; for a stored incident add --config"
        raise typer.BadParameter(what, param_hint="INCIDENT")
    surroundings = Surroundings.read(config)
    return (
        live(incident, binding, surroundings) if from_source else stored(incident, at, binding, surroundings)
    )


def _as_json(mapping: CompiledMapping, given: Given, found: Explanation) -> dict[str, JSON]:
    return {
        "mapping": mapping.name,
        "hash": mapping.hash,
        "incident": given.origin,
        "fields": [_field_as_json(each) for each in found.fields],
        "tags": [
            {"tag": each.tag, "rule": _at(each.rule), "looked": _looked(each.looked)} for each in found.tags
        ],
        "notes": [
            {
                "rule": each.note.rule,
                "title": each.note.title,
                "text": each.note.text,
                "fresh": each.note.fresh,
                "not_at_first_sight": each.later,
                "cut": each.cut,
                "place": _at(each.rule),
            }
            for each in found.notes
        ],
        "create": {
            "may": found.create.may,
            "missing": list(found.create.missing),
            "rule": _at(found.create.rule),
            "looked": _looked(found.create.looked),
        },
        "scope": [_scope_as_json(each) for each in found.scope],
        "undecided": [
            {
                "rule": each.unmapped.rule,
                "name": each.unmapped.name,
                "value": each.unmapped.value,
                "place": _at(each.rule),
            }
            for each in found.undecided
        ],
    }


def _field_as_json(reason: FieldReason) -> dict[str, JSON]:
    return {
        "field": reason.field,
        "outcome": reason.outcome,
        "value": field_as_json(reason.value),
        "mode": str(reason.mode),
        "rule": _at(reason.rule),
        "decided": _at(reason.decided),
        "looked": _looked(reason.looked),
        "cut": reason.cut,
        "unknown": reason.unknown,
        "left_with": reason.partner,
    }


def _scope_as_json(reason: ScopeReason) -> dict[str, JSON]:
    return {
        "id": reason.id,
        "reason": reason.reason,
        "excludes": reason.excludes,
        "rule": _at(reason.rule),
        "looked": _looked(reason.looked),
    }


def _at(place: Place | None) -> JSON:
    return None if place is None else {"file": place.file, "line": place.line, "column": place.column}


def _looked(looked: Sequence[Looked]) -> list[Mapping[str, JSON]]:
    return [{"name": each.name, "value": each.value, "unknown": each.unknown} for each in looked]


def _print(mapping: CompiledMapping, given: Given, found: Explanation, screen: Screen) -> None:
    screen.line(f"{given.origin} under {mapping.name} ({mapping.hash[:8]})", "bold")
    for reason in found.scope:
        if reason.excludes:
            said = f" ({reason.reason})" if reason.reason else ""
            screen.line(f"excluded by {reason.id}{said}: {_seen(reason.looked)}  {_short_place(reason.rule)}")
            return
    if found.fields:
        shown = table("", *_HEADS, whole=("field", "mode", "rule"))
        for field in found.fields:
            rule, line = _short_place(field.rule), str(field.decided.line)
            add(shown, field.field, _value(field), _why(field), str(field.mode), rule, line)
        screen.show(shown)
    for line in (*_created(found.create), *_rest(found)):
        screen.line(line)


def _value(field: FieldReason) -> str:
    return f"{cut(field.outcome, 4 * _LONGEST)}{' (cut)' if field.cut else ''}"


def _why(field: FieldReason) -> str:
    left = f"left with {field.partner}, which is undecided" if field.partner else ""
    unknown = f"undecided: {field.unknown} is not a word known here" if field.unknown else ""
    return "\n".join(part for part in (unknown or left, _seen(field.looked, "\n")) if part)


def _seen(looked: Sequence[Looked], between: str = ", ") -> str:
    return between.join(f"{each.name} = {_short(each)}" for each in looked)


def _short_place(place: Place | None) -> str:
    """A place without the folders of its file; --json has them."""
    return "" if place is None else f"{place.file.rpartition('/')[2]}:{place.line}"


def _short(looked: Looked) -> str:
    value = looked.value
    return cut(value if isinstance(value, str) and value else compact(value), _LONGEST)


def _created(create: CreateReason) -> Iterator[str]:
    verb = "a record may be created" if create.may else "no record is created"
    because = f": {_seen(create.looked)}" if create.rule else ""
    missing = f"; it would lack {', '.join(create.missing)}" if create.missing else ""
    yield f"{verb}{because}{missing}  {_short_place(create.rule)}".rstrip()


def _rest(found: Explanation) -> Iterator[str]:
    for tag in found.tags:
        because = f": {_seen(tag.looked)}" if tag.looked else ""
        yield f"tag {tag.tag}{because}  {_short_place(tag.rule)}"
    for note in found.notes:
        marks = ((not note.note.fresh, "not new"), (note.later, "not at first sight"), (note.cut, "cut"))
        remarks = "".join(f" ({mark})" for holds, mark in marks if holds)
        what, said = ("task", note.note.title) if note.note.title else ("note", note.note.text)
        yield f"{what} {note.note.rule}{remarks}: {cut(said, 4 * _LONGEST)}  {_short_place(note.rule)}"
    for each in found.undecided:
        word = f"{each.unmapped.name} is {each.unmapped.value}"
        yield f"undecided {each.unmapped.rule}: {word}  {_short_place(each.rule)}"
