"""Mappings that extend others, with mistakes: each is told where it stands, whichever file that is."""

import pytest

from connector.mapping import Bases
from connector.mapping.compose import MAX_FILES
from tests.unit.mapping.folder import BASE, Folder

# What the file says, and what is said about it.
MISTAKES = {
    "no base": (
        "extends: gone.yaml",
        (
            "4:10 extends: gone.yaml cannot be read: No such file or directory; "
            "name a file relative to this one, or shipped:FILE"
        ),
    ),
    "no text": ("extends: [base.yaml]", "4:10 extends: must be text, not a list; change the value"),
    "itself": (
        "extends: child.yaml",
        "4:10 extends: goes in a circle: child.yaml -> child.yaml; remove one `extends`",
    ),
    "two writers, the base's in a decision": (
        "extends: base.yaml\nfields: {assignment_group: Desk}",
        (
            "5:10 fields.assignment_group: assignment_group is already written in base.yaml:16; "
            "keep one of the two rules: `{id: routing, drop: true}` drops the base's"
        ),
    ),
    "two writers, the base's in fields": (
        "extends: base.yaml\ndecisions: [{id: x, given: [status], set: [category], rows: [[any, inquiry]]}]",
        (
            "5:44 decisions[0].set[0]: category is already written in base.yaml:12; "
            "keep one of the two rules: `category: drop` under `fields` drops the base's"
        ),
    ),
    "two writers in the child": (
        (
            "extends: base.yaml\nfields: {impact: 1}\n"
            "decisions: [{id: x, given: [status], set: [impact], rows: [[any, 1]]}]"
        ),
        "6:44 decisions[0].set[0]: impact is already written in line 5; keep one of the two rules",
    ),
    "the same id twice": (
        "extends: base.yaml\nscope: [{id: quiet, exclude_when: false}, {id: quiet, exclude_when: false}]",
        "5:48 scope[1].id: a second `quiet`; give it another name",
    ),
    "a field to drop that nobody has": (
        "extends: base.yaml\nfields: {categry: drop}",
        "5:10 fields.categry: no base has it to drop; did you mean `category`?",
    ),
    "a decision to drop that nobody has": (
        "extends: base.yaml\ndecisions: [{id: rooting, drop: true}]",
        "5:13 decisions[0]: no base has it to drop; did you mean `routing`?",
    ),
    "nothing to drop from": (
        "fields: {category: drop}",
        (
            "4:20 fields.category: there is no base to drop it from; "
            "remove it, or write {value: drop} for the text"
        ),
    ),
    "a drop with a rule": (
        "extends: base.yaml\ndecisions: [{id: routing, drop: true, set: [impact]}]",
        "5:27 decisions[0].drop: this drops no rule of a base; write {id: ..., drop: true} and nothing else",
    ),
    "a drop that is none": (
        "extends: base.yaml\nnotes: [{name: comment, drop: false}]",
        "5:25 notes[0].drop: this drops no rule of a base; write {name: ..., drop: true} and nothing else",
    ),
    "a rule after a dropped one": (
        "extends: base.yaml\nscope: [{id: quiet, drop: true}, {id: x, exclude_when: statu == 'x'}]",
        "5:56 scope[1].exclude_when: unknown name `statu`; did you mean `status`?",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_told_where_they_stand(case: str) -> None:
    body, expected = MISTAKES[case]

    assert Folder(base=BASE, child=f"{body}\n").complaints() == [f"child.yaml:{expected}"]


BASE_HEAD = b"version: 1\nname: b\ntarget: servicenow\n"
BROKEN_BASES = {
    "not UTF-8": (b"version: 1\nname: \xff", "base.yaml:2:7: byte 0xff is not UTF-8; save the file as UTF-8"),
    "not YAML": (
        b"version: ]",
        "base.yaml:1:10: a value is missing or starts with a reserved character; quote the value",
    ),
    "empty": (b"", "base.yaml:1:1: the file is empty; write at least one key"),
    "a list": (b"[]", "base.yaml:1:1: a mapping file is keys and values; start with `version: 1`"),
    "another target": (
        b"version: 1\nname: b\ntarget: sentinel",
        (
            "child.yaml:4:10 extends: base.yaml is for sentinel, and this mapping for servicenow; "
            "extend a mapping for the same target"
        ),
    ),
    "another version": (
        b"version: 2\nname: b\ntarget: servicenow",
        "base.yaml:1:10 version: `2` is not allowed here; use one of 1",
    ),
    "an unknown key": (
        BASE_HEAD + b"scope: [{id: x, exclude_when: true, reson: x}]",
        "base.yaml:4:37 scope[0].reson: unknown key; did you mean `reason`?",
    ),
    "an unknown name": (
        BASE_HEAD + b"fields: {impact: {from: sevrity, values: {high: 1}, otherwise: 2}}",
        "base.yaml:4:25 fields.impact.from: unknown name `sevrity`; did you mean `severity`?",
    ),
    "a var that the route lacks": (
        BASE_HEAD + b"fields: {category: '{{ vars.x }}'}",
        "base.yaml:4:20 fields.category: the route has no var `x`; give the route `vars: {x: ...}`",
    ),
}


@pytest.mark.parametrize("case", BROKEN_BASES)
def test_mistakes_of_a_base_are_the_same_for_all_that_extend_it(case: str) -> None:
    text, expected = BROKEN_BASES[case]
    folder = Folder(child="extends: base.yaml\n", other="extends: base.yaml\nnotes: []\n")
    bases = Bases(lambda name: text)
    told = [folder.complaints(name, vars={}, read=bases) for name in ("child", "other")]

    assert told[0] == [expected]
    assert told[1] == [expected.replace("child.yaml", "other.yaml")]


def test_a_circle_is_named_as_a_whole() -> None:
    folder = Folder(child="extends: a.yaml\n", a="extends: b.yaml\n", b="extends: ./a.yaml\n")

    assert folder.complaints() == [
        "b.yaml:4:10 extends: goes in a circle: a.yaml -> b.yaml -> a.yaml; remove one `extends`"
    ]


def test_a_chain_has_an_end() -> None:
    folder = Folder(**{f"m{number}": f"extends: m{number + 1}.yaml\n" for number in range(MAX_FILES + 5)})
    (complaint,) = folder.complaints("m0")

    assert complaint.startswith(
        f"m{MAX_FILES - 1}.yaml:4:10 extends: more than {MAX_FILES} files extend one another"
    )
    assert len(folder.reads) == MAX_FILES - 1


def test_a_name_that_no_file_can_have() -> None:
    def read(name: str) -> bytes:
        raise ValueError("embedded null byte")

    (complaint,) = Folder(child='extends: "a\\0b"\n').complaints(read=read)
    assert "extends: a\\x00b cannot be read: no file can have this name; " in complaint


def test_a_name_without_end_is_told_in_part() -> None:
    (complaint,) = Folder(child=f"extends: {'x' * 5000}.yaml\n").complaints()
    assert "xxx.yaml cannot be read" in complaint
    assert len(complaint) < 400
