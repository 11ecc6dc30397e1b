"""Mappings that extend others: what wins, what is dropped, and what is read how often."""

from typing import Any

import pytest

from connector.mapping import Bases, CompiledMapping, load_mapping
from connector.mapping.compose import MAX_FILES
from tests.unit.mapping.conftest import CATALOGUES, INCIDENT
from tests.unit.mapping.folder import BASE, HEAD, Folder


def fields(mapping: CompiledMapping, **incident: Any) -> dict[str, Any]:
    found = mapping.apply(INCIDENT | incident, None).record.fields
    return {name: getattr(value, "value", value) for name, value in found.items()}


def test_everything_of_the_base_is_inherited_but_its_examples() -> None:
    mapping = Folder(base=BASE, child="extends: base.yaml\n").load()
    mapped = mapping.apply(INCIDENT | {"systemTags": ["x"]}, None)

    assert mapping.name == "child"
    assert fields(mapping) == {
        "short_description": "Malware",
        "category": "security",
        "assignment_group": "PCI",
    }
    assert (mapped.record.tags, mapped.record.tags_into, mapped.may_create) == (
        ("Defender", "x"),
        "note",
        True,
    )
    assert mapping.apply(INCIDENT | {"severity": "informational"}, None).excluded is not None
    assert [noter.rule for noter in mapping.noters] == ["notes.comment"]
    assert mapping.document.examples == []


CHILD = """\
extends: base.yaml
let: {prefix: "'SOC'", title: "{{ prefix }} {{ displayName }}"}
scope: [{id: quiet, drop: true}, {id: merged, exclude_when: status == 'redirected'}]
create_when: true
fields: {category: inquiry, impact: 1}
decisions:
  - {id: routing, given: [status], set: [assignment_group], rows: [[active, Desk]], otherwise: [leave]}
tags:
  into: work_notes_list
  add: [{tag: Ours}, {tag: Defender, when: severity == 'low'}]
notes: [{name: comment, drop: true}, {name: status, changed: [status], text: changed}]
"""


def test_the_nearest_wins_rule_by_rule() -> None:
    mapping = Folder(base=BASE, child=CHILD).load()
    record = mapping.apply(INCIDENT | {"severity": "low", "customTags": ["vip"]}, None).record

    assert fields(mapping) == {
        "short_description": "SOC Malware",
        "category": "inquiry",
        "impact": "1",
        "assignment_group": "Desk",
    }
    assert [each.exclusion.id for each in mapping.excludes] == ["merged"]
    assert (record.tags, record.tags_into) == (("Defender", "Vip", "Ours"), "work_notes_list")
    assert [noter.rule for noter in mapping.noters] == ["notes.status"]
    assert mapping.apply(INCIDENT | {"status": "resolved"}, None).may_create


def test_the_same_rules_in_one_file_have_the_same_hash() -> None:
    together = HEAD.format("child") + BASE.partition("examples:")[0] + "create_when: not over\n"
    folder = Folder(
        base=BASE, child="extends: base.yaml\n", other="extends: base.yaml\nfields: {impact: 1}\n"
    )
    folder.texts["together.yaml"] = together.replace("create_when: not over\n", "", 1)

    assert folder.load().hash == folder.load("together").hash != folder.load("other").hash


def test_a_change_of_the_base_changes_the_hash() -> None:
    changed = BASE.replace("category: security", "category: inquiry")
    first, second = (Folder(base=base, child="extends: base.yaml\n").load() for base in (BASE, changed))

    assert first.text == second.text
    assert first.hash != second.hash


def test_a_chain_of_bases_has_every_file_in_it() -> None:
    bodies = {f"m{number}": f"extends: m{number + 1}.yaml\n" for number in range(MAX_FILES - 1)}
    bodies["m3"] += "fields: {impact: 2, category: inquiry}\n"
    bodies["m1"] += "fields: {impact: 3}\n"
    folder = Folder(**bodies, **{f"m{MAX_FILES - 1}": BASE})
    mapping = folder.load("m0")

    assert fields(mapping)["impact"] == "3"
    assert fields(mapping)["category"] == "inquiry"
    assert [name for name, _ in mapping.sources] == [f"m{number}.yaml" for number in range(MAX_FILES)]
    assert mapping.sources[0][1] == mapping.text == folder.texts["m0.yaml"]


def test_what_was_kept_of_the_files_gives_the_same_mapping() -> None:
    mapping = Folder(base=BASE, child=CHILD).load()
    texts = dict(mapping.sources)
    again = load_mapping(
        mapping.text,
        mapping.sources[0][0],
        catalogues=CATALOGUES,
        vars={"group": "PCI"},
        read=lambda name: texts[name].encode(),
    )

    assert again.hash == mapping.hash


@pytest.mark.parametrize(
    ("written", "file", "read"),
    [
        ("base.yaml", "child.yaml", "base.yaml"),
        ("base.yaml", "customers/child.yaml", "customers/base.yaml"),
        ("../base.yaml", "customers/a/child.yaml", "customers/base.yaml"),
        ("/etc/base.yaml", "customers/child.yaml", "/etc/base.yaml"),
        ("shipped:base.yaml", "customers/child.yaml", "shipped:base.yaml"),
        ("base.yaml", "shipped:child.yaml", "shipped:base.yaml"),
    ],
)
def test_a_base_is_found_beside_the_file_that_names_it(written: str, file: str, read: str) -> None:
    texts = {read: (HEAD.format("base") + BASE).encode()}
    text = HEAD.format("child") + f'extends: "{written}"\n'
    mapping = load_mapping(text, file, catalogues=CATALOGUES, vars={"group": "a"}, read=texts.__getitem__)

    assert [name for name, _ in mapping.sources] == [file, read]


@pytest.mark.parametrize(
    ("body", "gone"),
    [
        ("fields: {category: drop}", "fields.category"),
        ("decisions: [{id: routing, drop: true}]", "decisions.routing"),
        ("notes: [{name: comment, drop: true}]", "notes.comment"),
        ("scope: [{id: quiet, drop: true}]", "scope.quiet"),
        ("tags: {add: [{tag: Defender, drop: true}]}", "Defender"),
        ('tags: {add: [{tag: "{{ item }}", each: systemTags, drop: true}]}', "x"),
    ],
)
def test_a_rule_of_the_base_can_be_dropped(body: str, gone: str) -> None:
    def rules(mapping: CompiledMapping) -> set[str]:
        tags = mapping.apply(INCIDENT | {"systemTags": ["x"]}, None).record.tags
        scope = {f"scope.{each.exclusion.id}" for each in mapping.excludes}
        return {
            *tags,
            *scope,
            *(each.rule for each in mapping.writers),
            *(each.rule for each in mapping.noters),
        }

    folder = Folder(base=BASE, child=f"extends: base.yaml\n{body}\n", plain="extends: base.yaml\n")

    assert rules(folder.load("plain")) - rules(folder.load()) == {gone}


def test_a_dropped_let_is_no_name_any_more() -> None:
    folder = Folder(base=BASE, child="extends: base.yaml\nlet: {title: drop}\n")

    assert folder.complaints() == [
        "base.yaml:11:22 fields.short_description: unknown name `title`; did you mean `files`?"
    ]


def test_what_a_base_dropped_can_be_said_again() -> None:
    folder = Folder(
        base=BASE,
        middle="extends: base.yaml\nfields: {category: drop}\n",
        child="extends: middle.yaml\nfields: {category: inquiry}\n",
    )

    assert "category" not in fields(folder.load("middle"))
    assert fields(folder.load())["category"] == "inquiry"


def test_drop_as_a_text() -> None:
    assert fields(Folder(child="fields: {category: {value: {literal: drop}}}").load())["category"] == "drop"


def test_a_field_goes_from_a_decision_to_a_rule_of_its_own() -> None:
    child = "extends: base.yaml\ndecisions: [{id: routing, drop: true}]\nfields: {assignment_group: Desk}\n"

    assert fields(Folder(base=BASE, child=child).load())["assignment_group"] == "Desk"


def test_forty_mappings_read_their_base_once() -> None:
    children = {
        f"c{number}": f"extends: base.yaml\nfields: {{impact: {number % 3 + 1}}}\n" for number in range(40)
    }
    folder = Folder(base="fields: {category: security}\n", **children)
    bases = Bases(folder.read)
    mappings = [folder.load(name, read=bases) for name in children]

    assert folder.reads == ["base.yaml"]
    assert [fields(mapping)["impact"] for mapping in mappings] == [
        str(number % 3 + 1) for number in range(40)
    ]


def test_a_rule_knows_its_file() -> None:
    mapping = Folder(base=BASE, child=CHILD).load()
    places = {writer.rule: mapping.written.place(writer.path)[:2] for writer in mapping.writers}

    assert places == {
        "fields.short_description": ("base.yaml", 11),
        "fields.category": ("child.yaml", 8),
        "fields.impact": ("child.yaml", 8),
        "decisions.routing": ("child.yaml", 10),
    }


def test_a_base_needs_nothing_that_the_mapping_adds() -> None:
    base = "fields: {state: 6}\n"
    child = "extends: base.yaml\nfields: {close_code: Solved, close_notes: Done, short_description: x}\n"
    folder = Folder(base=base, child=child)

    assert fields(folder.load())["state"] == "6"
    assert any("close_code" in each for each in folder.complaints("base"))
