"""Rules against the target's catalogue: names, who writes what, and what Microsoft's own connector carries already."""

import difflib
from collections.abc import Iterable, Iterator

from connector.mapping.appended import Noter, Tagger
from connector.mapping.document import MappingFile
from connector.mapping.report import Report
from connector.model import Catalogue
from connector.yamlsource import Path, nearest

_INTO_WORDS = ("note",)
_NAMED = (("scope", "id"), ("decisions", "id"), ("notes", "name"), ("tasks", "name"), ("examples", "name"))
_FLOWS_BACK = "remove it, or say `accepts_flow_back: true` if it may flow back into Defender XDR"


# A name this much like another one is a slip of the finger.
_ALIKE = 0.75


def meant(name: str, file: MappingFile, catalogue: Catalogue) -> str | None:
    """The field that a name stands for: itself, or the one that is nearly called so and that no rule writes."""
    if catalogue.knows(name):
        return name
    written = {each for _, each in _written(file)}
    free = [each for each in catalogue.fields if each not in written]
    near = difflib.get_close_matches(name, free, n=1, cutoff=_ALIKE)
    return near[0] if near and not catalogue.joint({name: ""}) else None


def check_fields(file: MappingFile, catalogue: Catalogue, report: Report) -> None:
    """Complain about fields that the target does not have or keeps for itself, and about two rules for one field."""
    writers: dict[str, Path] = {}
    # The farthest first: what a base writes is there before, and the complaint is about what is new.
    for path, name in sorted(_written(file), key=lambda each: -report.distance(each[0])):
        if not catalogue.knows(name):
            what, remedy = _unknown(name, catalogue)
            usable = meant(name, file, catalogue) is not None
            report.add(path, what, remedy, at_key=True, usable=usable)
        elif name in writers:
            other = writers[name]
            what = f"{name} is already written in {report.lines([other], path)}"
            report.add(path, what, _keep_one(file, other, path, report), at_key=True)
        writers.setdefault(name, path)
    if catalogue.target:
        _check_into(file, catalogue, writers, report)


def _keep_one(file: MappingFile, other: Path, path: Path, report: Report) -> str:
    remedy = "keep one of the two rules"
    if report.distance(other) == report.distance(path):
        return remedy
    if other[0] == "fields":
        return f"{remedy}: `{other[1]}: drop` under `fields` drops the base's"
    return f"{remedy}: `{{id: {file.decisions[int(str(other[1]))].id}, drop: true}}` drops the base's"


def _written(file: MappingFile) -> Iterator[tuple[Path, str]]:
    for name in file.fields:
        yield ("fields", name), name
    for index, decision in enumerate(file.decisions):
        for place, name in enumerate(decision.set_):
            yield ("decisions", index, "set", place), name


def _unknown(name: str, catalogue: Catalogue) -> tuple[str, str]:
    # The joint rules know the fields that the target keeps for itself, and why.
    reasons = catalogue.joint({name: ""})
    if reasons:
        return f"{name} cannot be written", reasons[0]
    return f"{catalogue.target} has no field `{name}`", nearest(name, catalogue.fields) or "see the reference"


def _check_into(file: MappingFile, catalogue: Catalogue, writers: dict[str, Path], report: Report) -> None:
    into, path = file.tags.into, ("tags", "into")
    if catalogue.tags_native:
        if into is not None:
            report.add(path, f"{catalogue.target} has tags of its own", "remove `into`", at_key=True)
        return
    if into is None:
        if file.tags.add:
            known = ", ".join([*sorted(catalogue.tag_fields), *_INTO_WORDS])
            report.add(
                ("tags",), f"{catalogue.target} has no tags", f"say `into`: one of {known}", at_key=True
            )
        return
    custom = into not in catalogue.fields and catalogue.knows(into)
    if into not in catalogue.tag_fields and into not in _INTO_WORDS and not custom:
        remedy = nearest(into, [*sorted(catalogue.tag_fields), *_INTO_WORDS])
        report.add(path, f"`{into}` does not take tags", remedy)
    if into in writers:
        what = f"{into} is also written in {report.lines([writers[into]], path)}"
        report.add(path, what, "keep one of the two")


def check_when_record(file: MappingFile, catalogue: Catalogue, report: Report) -> None:
    """Complain about states that no record of the target is in, and about actions that do not help there."""
    known = catalogue.record_states
    for state, action in file.when_record.items() if catalogue.target else ():
        path = ("when_record", state)
        if state not in known:
            what = f"a record of {catalogue.target} is never `{state}`"
            report.add(path, what, nearest(state, known) or "remove it", at_key=True)
        elif action not in known[state]:
            report.add(
                path, f"`{action}` cannot be done when a record is {state}", nearest(action, known[state])
            )


def check_ids(file: MappingFile, report: Report) -> None:
    """Complain about two rules of one name: the audit and the keys of notes could not tell them apart."""
    for section, key in _NAMED:
        seen: set[str] = set()
        for index, rule in enumerate(getattr(file, section)):
            path, name = (section, index, key), getattr(rule, key)
            if name in seen:
                report.add(path, f"a second `{name}`", "give it another name")
            elif report.is_written(path):
                seen.add(name)


def check_ownership(
    file: MappingFile,
    catalogue: Catalogue,
    parts: tuple[Iterable[Tagger], Iterable[Noter]],
    report: Report,
) -> None:
    """Complain about everything that Microsoft's own connector already writes into the same incidents."""
    taggers, noters = parts
    for path, name in _written(file):
        if name in catalogue.carried_by_microsoft:
            what = f"Microsoft's own connector writes {name}"
            report.add(path[:2], what, _FLOWS_BACK, at_key=True)
    for tagger in taggers:
        if "customTags" in tagger.reads:
            report.add(tagger.path, "Microsoft's own connector copies custom tags", _FLOWS_BACK)
    for noter in noters:
        # A task that quotes a comment is no copy of it.
        if "comments" in noter.reads and noter.path[0] == "notes":
            report.add(noter.path, "Microsoft's own connector copies comments", _FLOWS_BACK)
