"""What each target can hold, as a part of the reference of the mapping language: written from the catalogues."""

import itertools
from collections.abc import Iterable, Iterator

from connector.model import Catalogue, FieldKind, FieldSpec
from connector.targets import catalogues


def table(head: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A table, and the empty line after it."""
    yield f"| {head} |"
    yield "|" + "---|" * (head.count("|") + 1)
    for row in rows:
        cells = " | ".join(cell.replace("|", r"\|") for cell in row)
        yield f"| {cells} |"
    yield ""


def targets() -> Iterator[str]:
    """The section about targets."""
    yield "## Targets\n"
    for name, catalogue in catalogues().items():
        yield f"### `{name}`\n"
        yield from table(
            "field | kind | choices | limit | may be empty | remarks",
            [_field(each, catalogue) for each in catalogue.fields.values()],
        )
        yield from _said(catalogue)
        yield ""


def _field(spec: FieldSpec, catalogue: Catalogue) -> tuple[str, ...]:
    of = "Row of" if spec.kind is FieldKind.REFERENCE else "Of"
    remarks = (
        f"{of} `{spec.table}`." if spec.table else "",
        f"{spec.description}." if spec.description else "",
        "Needed to create a record." if spec.name in catalogue.required else "",
        "Microsoft's own connector writes it." if spec.name in catalogue.carried_by_microsoft else "",
    )
    return (
        f"`{spec.name}`",
        spec.kind.value,
        ", ".join(f"`{choice}`" for choice in spec.choices),
        f"{spec.limit:,}" if spec.limit else "",
        "yes" if spec.clearable else "no",
        " ".join(filter(None, remarks)),
    )


def _said(catalogue: Catalogue) -> Iterator[str]:
    own = ""
    if catalogue.custom is not None:
        own = ", or a field of your own"
        yield f"- Fields of your own: text, with names like `{catalogue.custom.pattern}`."
    for group in catalogue.together:
        yield f"- Written together: {_listed(sorted(group))}."
    for sentence in joint_sentences(catalogue):
        yield f"- Rule: {sentence}."
    into = _listed(["note", *sorted(catalogue.tag_fields)])
    yield "- Tags: its own; no `tags.into`." if catalogue.tags_native else f"- `tags.into`: {into}{own}."
    yield (
        f"- Longest note: {catalogue.note_limit:,} characters; title of a task: {catalogue.task_title_limit:,}; "
        f"text of a task: {catalogue.task_text_limit:,}."
    )
    for state, actions in catalogue.record_states.items():
        yield f"- `when_record`, `{state}`: {_listed(actions)}."
    field, values = catalogue.closed
    yield f"- Closed: `{field}` {_listed(sorted(map(str, values)))}."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def joint_sentences(catalogue: Catalogue) -> list[str]:
    """What the target refuses of the fields that are written together, found by trying all their choices."""
    found: dict[str, None] = {}
    for group in catalogue.together:
        names = [name for name in catalogue.fields if name in group]
        tried = ([None, *(catalogue.fields[name].choices or ("any text",))] for name in names)
        for values in itertools.product(*tried):
            given = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            found |= dict.fromkeys(each.partition(", not ")[0] for each in catalogue.joint(given))
    return list(found)
