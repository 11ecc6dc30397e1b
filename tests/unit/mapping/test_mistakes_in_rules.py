"""Mistakes in tags, notes, scope and names."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (
            "tags: {add: [{tag: x}]}",
            "4:1 tags: servicenow has no tags; say `into`: one of work_notes_list, note",
        ),
        (
            "tags: {into: descripton, add: []}",
            "4:14 tags.into: `descripton` does not take tags; use one of work_notes_list, note",
        ),
        (
            "tags: {into: note, add: [{tag: '{{ item }}'}]}",
            "4:32 tags.add[0].tag: `item` exists only beside `each`; name a property",
        ),
        (
            "tags: {into: note, add: [{each: displayName, tag: x}]}",
            (
                "4:33 tags.add[0].each: `displayName` is not a list; use one of customTags, systemTags, "
                "devices, users, mailboxes, files, deviceGroups, serviceSources, detectionSources, "
                "categories, mitreTechniques, investigationStates, comments"
            ),
        ),
        (
            "tags: {into: note, add: [{each: customTag, tag: x}]}",
            "4:33 tags.add[0].each: `customTag` is not a list; did you mean `customTags`?",
        ),
        (
            "tags: {into: note, add: [{each: customTags, tag: '{{ item.x }}'}]}",
            "4:50 tags.add[0].tag: an item here has no `x`; write `item`",
        ),
        (
            "notes: [{name: n, each: comments, text: '{{ item.coment }}'}]",
            "4:41 notes[0].text: a comment has no `coment`; did you mean `comment`?",
        ),
        (
            "notes: [{name: n, changed: [sttus], text: x}]",
            "4:29 notes[0].changed[0]: unknown name `sttus`; did you mean `status`?",
        ),
        (
            "notes: [{name: n, changed: [status], each: comments, text: x}]",
            "4:9 notes[0]: a note has either `each` or `changed`; keep one",
        ),
        (
            "notes: [{name: n, changed: [status], text: x, when: sttus}]",
            "4:53 notes[0].when: unknown name `sttus`; did you mean `status`?",
        ),
        (
            "notes: [{name: n, changed: [status], text: x}, {name: n, changed: [status], text: x}]",
            "4:55 notes[1].name: a second `n`; give it another name",
        ),
        (
            "scope: [{id: a, exclude_when: sttus}]",
            "4:31 scope[0].exclude_when: unknown name `sttus`; did you mean `status`?",
        ),
        ("let: {status: id}", "4:7 let.status: `status` is already a name; choose another"),
        (
            "let: {'[red]x': id}",
            (
                "4:7 let.[red]x: `[red]x` cannot stand in an expression; "
                "use letters, digits and `_`, and a letter first; not a word of the language"
            ),
        ),
        (
            "let: {a: b, b: id}",
            "4:10 let.a: `b` is defined later; move it above",
        ),
        (
            "let: {a: id}\ntags: {into: u_tags, add: []}\nfields: {u_tags: '{{ a }}'}",
            "5:14 tags.into: u_tags is also written in line 6; keep one of the two",
        ),
    ],
)
def test_mistakes(complaints: Any, body: str, complaint: str) -> None:
    assert complaints(body + "\n") == [complaint]
