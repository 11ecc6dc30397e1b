"""Mapping files made from the grammar: most of them right, some with a mistake that only `check` can see.

Conditions of fields that the target judges together look only at what `check` tries in every combination; what
those fields hold is never empty because of an incident's texts. All else looks at everything.
"""

import json
from typing import Any

from hypothesis import strategies as st

from connector.mapping.vocabulary import ENUMS, EXPERTS, PROPERTIES, Kind
from connector.model import Catalogue, FieldKind, FieldSpec
from tests.verify.mapping_incidents import OWNERS
from tests.verify.mapping_parts import CORES, MISTAKES

_KINDS = {kind: [name for name, known in PROPERTIES.items() if known.kind is kind] for kind in Kind}
_WORDS = {**{name: known.members for name, known in ENUMS.items()}, "experts": EXPERTS.members}
_JUDGED = (
    "status",
    "classification",
    "determination",
)  # what `check` tries in every combination, with the owner
_FILTERS = {
    Kind.TEXT: ("upper", "lower", "cut(12)", "plain", "json", "default('none')", "text", "count"),
    Kind.TIME: ("date('yyyy-MM-dd HH:mm:ss', 'Europe/Zurich')", "plus('4h')", "date('dd.MM.yyyy')"),
    Kind.TEXTS: ("join('; ')", "unique", "first", "count", "text", "json", "unique | join"),
    Kind.COMMENTS: ("count", "json"),
    Kind.NUMBER: ("default(0)", "json"),
    Kind.OWNER: ("default('nobody')", "upper", "json"),
    Kind.ENUM: ("text", "upper", "json"),
}
_letters = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12)
_plain = _letters.filter(lambda text: not {"{", "}", "#"} & set(text))


def written(value: Any) -> str:
    """Plain data as YAML in flow style, one top-level key a line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{written(key)}: {written(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(written(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def file_of(document: dict[str, Any]) -> str:
    return "".join(f"{key}: {written(value)}\n" for key, value in document.items())


def _quoted(words: list[str]) -> str:
    return "[" + ", ".join(f"'{word}'" for word in words) + "]"


def _enum_tests(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    def tests(name: str) -> st.SearchStrategy[str]:
        words = st.sampled_from(_WORDS[name])
        lists = st.lists(words, min_size=1, max_size=3).map(_quoted)
        single = st.builds("{} {} '{}'".format, st.just(name), st.sampled_from(["==", "!="]), words)
        several = st.builds("{} {} {}".format, st.just(name), st.sampled_from(["in", "not in"]), lists)
        ordered = st.builds("{} {} '{}'".format, st.just(name), st.sampled_from([">=", "<", ">"]), words)
        return single | several | ordered if name == "severity" else single | several

    return st.sampled_from(names).flatmap(tests)


def _logic(tests: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        tests,
        lambda inner: (
            st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
            | inner.map("not ({})".format)
        ),
        max_leaves=3,
    )


_owner_tests = st.sampled_from(
    ["assignedTo == 'Customer'", "assignedTo == null", "assignedTo in ['Defender Experts', 'customer']"]
)
judged_conditions = _logic(_enum_tests(_JUDGED) | _owner_tests)
conditions = _logic(
    _enum_tests(tuple(_WORDS))
    | _enum_tests(("status", "severity")).map("old.{}".format)
    | _owner_tests
    | st.sampled_from(
        [
            "alertCount >= 3",
            "createdDateTime > '2024-01-01T00:00:00Z'",
            "'vip' in customTags",
            "'a' in displayName",
            "displayName == 'x' or old.displayName != displayName",
            "shout",
            "late",
        ]
    )
)
_readings = st.sampled_from([kind for kind, names in _KINDS.items() if names]).flatmap(
    lambda kind: st.builds(
        lambda name, before, filters: " | ".join([f"{before}{name}", *filters]),
        st.sampled_from(_KINDS[kind]),
        st.sampled_from(["", "", "old."]),
        st.lists(st.sampled_from(_FILTERS.get(kind, ("json",))), max_size=1),
    )
)
_blocks = (_readings | st.sampled_from(["summary or description", "shout", "vars.zone", "source.name"])).map(
    "{{{{ {} }}}}".format
)
templates = st.lists(_plain | _blocks, min_size=1, max_size=4).map("".join)


def _literal(spec: FieldSpec) -> st.SearchStrategy[Any]:
    if spec.choices:
        return st.sampled_from(spec.choices)
    if spec.kind is FieldKind.REFERENCE:
        return st.just("0123456789abcdef0123456789abcdef")
    return _plain.map(str.strip).filter(lambda text: text not in {"", "leave", "clear", "copy"})


def _values(spec: FieldSpec, *, judged: bool) -> st.SearchStrategy[Any]:
    words = st.just("leave") | st.just("clear") if spec.clearable else st.just("leave")
    if judged:
        return _literal(spec) | _literal(spec) | words
    lookup = st.just({"lookup": {"table": spec.table, "by": ["name"], "value": "{{ assignedTo }}"}})
    return _literal(spec) | words | (templates if spec.table is None else lookup)


def _tables(
    spec: FieldSpec, values: st.SearchStrategy[Any], *, judged: bool
) -> st.SearchStrategy[dict[str, Any]]:
    def over(name: str) -> st.SearchStrategy[dict[str, Any]]:
        words = _WORDS[name]
        total = st.fixed_dictionaries(dict.fromkeys(words, values))
        partial = st.dictionaries(st.sampled_from(words), values, max_size=3)
        return st.fixed_dictionaries({"from": st.just(name), "values": total}) | st.fixed_dictionaries(
            {"from": st.just(name), "values": partial, "otherwise": values}
        )

    tests = judged_conditions if judged else conditions
    owners = st.dictionaries(st.sampled_from([None, *OWNERS[:2]]), values, max_size=3)
    return (
        st.sampled_from(_JUDGED if judged else tuple(_WORDS)).flatmap(over)
        | st.fixed_dictionaries({"from": st.just("assignedTo"), "values": owners, "otherwise": values})
        | st.fixed_dictionaries(
            {"from": tests, "values": st.fixed_dictionaries({True: values, False: values})}
        )
    )


def _rules(catalogue: Catalogue, name: str) -> st.SearchStrategy[Any]:
    spec, judged = catalogue.spec(name), len(catalogue.group(name)) > 1
    values = _values(spec, judged=judged)
    tests = judged_conditions if judged else conditions
    modes = st.sampled_from(["initial", "follow", "unless_edited", "enforce"])
    tables = _tables(spec, values, judged=judged)
    ways = tables | tables | st.fixed_dictionaries({"value": values})
    if spec.table is None and not judged:
        ways |= st.fixed_dictionaries({"template": templates})
    guarded = st.builds(lambda way, when, other: {**way, "when": when, "else": other}, ways, tests, values)
    return st.builds(lambda way, mode: {**way, "mode": mode}, ways | guarded, modes) | ways


def _cells(name: str) -> st.SearchStrategy[Any]:
    if name in _WORDS:
        words = st.sampled_from(_WORDS[name])
        some = words | st.lists(words, min_size=1, max_size=3) | words.map("not {}".format) | st.just("any")
        return some | words.map(">= {}".format) if name == "severity" else some
    if name in _KINDS[Kind.TEXTS]:
        return st.sampled_from(["any", {"has": "PCI"}, {"has": ["vip", "Office"]}])
    if name == "assignedTo":
        return st.sampled_from(["any", None, "Customer", "not Customer", ["Customer", "Defender Experts"]])
    return st.sampled_from(["any", 3, "> 2", "not 5"])


@st.composite
def _decision(draw: st.DrawFn, catalogue: Catalogue, number: int, free: list[str]) -> dict[str, Any]:
    fields = draw(st.lists(st.sampled_from(free), min_size=1, max_size=2, unique=True))
    judged = any(len(catalogue.group(name)) > 1 for name in fields)
    columns = [*_JUDGED, "assignedTo"] if judged else [*_WORDS, "assignedTo", "deviceGroups", "alertCount"]
    given = draw(st.lists(st.sampled_from(columns), min_size=1, max_size=3, unique=True))
    outcome = st.tuples(*(_values(catalogue.spec(name), judged=judged) for name in fields)).map(list)
    row = st.builds(
        lambda cells, values: [*cells, *values], st.tuples(*map(_cells, given)).map(list), outcome
    )
    decision = {
        "id": f"d{number}",
        "given": given,
        "set": fields,
        "rows": draw(st.lists(row, min_size=1, max_size=3)),
    }
    if draw(st.integers(0, 5)):
        decision["otherwise"] = draw(outcome)
    if draw(st.booleans()):
        decision |= {"when": draw(judged_conditions if judged else conditions), "else": draw(outcome)}
    return decision


_tag_rules = st.fixed_dictionaries({"tag": templates}, optional={"when": conditions}) | st.fixed_dictionaries(
    {
        "each": st.sampled_from(_KINDS[Kind.TEXTS]),
        "tag": st.sampled_from(["{{ item }}", "x {{ item | upper | cut(20) }}", "{{ item | text }}"]),
    },
    optional={"when": st.sampled_from(["item != 'vip'", "status == 'active'"])},
)
_item_notes = st.fixed_dictionaries(
    {
        "each": st.just("comments"),
        "text": st.sampled_from(
            ["{{ item.comment }}", "{{ item.createdByDisplayName }}: {{ item.comment | plain }}"]
        ),
    },
    optional={"when": conditions, "backfill": st.booleans()},
)
_change_notes = st.fixed_dictionaries(
    {"changed": st.lists(st.sampled_from(sorted(PROPERTIES)), min_size=1, max_size=3), "text": templates},
    optional={"when": conditions},
)


@st.composite
def documents(draw: st.DrawFn, catalogue: Catalogue) -> dict[str, Any]:
    """A whole mapping as plain data."""
    custom = [] if catalogue.custom is None else ["u_a", "u_b", "u_c"]
    core = {} if draw(st.integers(0, 9)) == 9 else draw(st.sampled_from(CORES.get(catalogue.target, ({},))))
    judged = {partner for name in core for partner in catalogue.group(name)}
    names = [name for name in [*catalogue.fields, *custom] if name not in core | dict.fromkeys(judged)]
    chosen = draw(st.lists(st.sampled_from(names), max_size=5, unique=True))
    free = [name for name in names if name not in chosen]
    document: dict[str, Any] = {
        "version": 1,
        "name": "made",
        "target": catalogue.target,
        "let": {
            "shout": draw(templates.filter(_unlet).map("{{{{ id }}}}{}".format)),
            "late": "status != 'active'",
        },
        "scope": [{"id": "s", "exclude_when": draw(conditions)}] if draw(st.integers(0, 3)) == 3 else [],
        "create_when": draw(conditions | st.booleans()),
        "fields": core | {name: draw(_rules(catalogue, name)) for name in chosen},
        "decisions": [
            draw(_decision(catalogue, number, free[number::2]))
            for number in range(draw(st.integers(0, min(2, len(free)))))
        ],
        "tags": {"add": draw(st.lists(_tag_rules, max_size=3))},
        "notes": [
            {"name": f"n{number}", **note}
            for number, note in enumerate(draw(st.lists(_item_notes | _change_notes, max_size=2)))
        ],
    }
    if not catalogue.tags_native:
        document["tags"]["into"] = draw(st.sampled_from(["note", "u_tags"]))
    return document | (draw(st.sampled_from(MISTAKES)) if draw(st.integers(0, 7)) == 7 else {})


def _unlet(template: str) -> bool:
    return "shout" not in template
