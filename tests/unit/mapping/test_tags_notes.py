"""Tags, notes, scope and creation: what is added, for whom, and what is undecided."""

from typing import Any

import pytest

from connector.model import Exclusion, Mapped, Note, Unmapped


def comment(text: str, by: str | None = "Kim", at: str = "2024-05-01T10:00:00Z") -> dict[str, Any]:
    return {"comment": text, "createdByDisplayName": by, "createdDateTime": at}


@pytest.mark.parametrize(
    ("rule", "incident", "tags"),
    [
        ("{tag: XDR}", {}, ("XDR",)),
        ("{tag: ' two  words '}", {}, ("two words",)),
        ("{tag: '{{ summary }}'}", {}, ()),
        ("{tag: Waiting, when: status == 'awaitingAction'}", {}, ()),
        ("{tag: Waiting, when: status == 'awaitingAction'}", {"status": "awaitingAction"}, ("Waiting",)),
        ("{each: customTags, tag: 'c:{{ item }}'}", {"customTags": ["a", "b"]}, ("c:a", "c:b")),
        ("{each: customTags, tag: '{{ item }}'}", {"customTags": ["b", " a ", "", "B"]}, ("b", "a")),
        ("{each: customTags, tag: '{{ item }}', when: item != 'a'}", {"customTags": ["a", "b"]}, ("b",)),
        ("{each: customTags, tag: '{{ item }}'}", {"customTags": "not a list"}, ()),
        ("{each: customTags, tag: '{{ item }}'}", {"customTags": [None, 7, {"a": 1}, True]}, ("7", "true")),
        (
            "{each: serviceSources, tag: '{{ item | text }}'}",
            {"serviceSources": ["microsoftSentinel"]},
            ("Microsoft Sentinel",),
        ),
        (
            "{each: comments, tag: 'by {{ item.createdByDisplayName }}'}",
            {"comments": [comment("x")]},
            ("by Kim",),
        ),
    ],
)
def test_tags(apply: Any, rule: str, incident: dict[str, Any], tags: tuple[str, ...]) -> None:
    mapped: Mapped = apply(f"tags: {{into: work_notes_list, add: [{rule}]}}\n", **incident)

    assert (mapped.record.tags, mapped.record.keep_tags) == (tags, False)


def test_tags_of_several_rules_are_one_list_without_repetition(apply: Any) -> None:
    body = "tags:\n  into: note\n  add: [{tag: b}, {each: customTags, tag: '{{ item }}'}, {tag: a}]\n"

    assert apply(body, customTags=["A", "c"]).record.tags == ("b", "A", "c")


def test_tags_stay_while_a_rule_is_undecided(apply: Any) -> None:
    body = "tags: {into: note, add: [{tag: open, when: status != 'resolved'}, {tag: XDR}]}\n"
    mapped: Mapped = apply(body, status="paused")

    assert (mapped.record.tags, mapped.record.keep_tags) == (("XDR",), True)
    assert mapped.unmapped == (Unmapped("tags.add[0]", "status", "paused"),)


COMMENTS = "notes:\n  - {name: comment, each: comments, text: '{{ item.createdByDisplayName }}: {{ item.comment }}'}\n"


def notes(mapped: Mapped) -> list[tuple[str, bool]]:
    return [(note.text, note.fresh) for note in mapped.notes]


def test_a_note_for_each_comment(apply: Any) -> None:
    first, second = comment("one"), comment("two", by=None)

    assert notes(apply(COMMENTS, comments=[first, second])) == [("Kim: one", True), (": two", True)]
    assert notes(apply(COMMENTS, {"comments": [first]}, comments=[first, second])) == [
        ("Kim: one", False),
        (": two", True),
    ]
    assert notes(apply(COMMENTS, comments=[first, "no comment", None])) == [("Kim: one", True)]
    assert notes(apply(COMMENTS, comments={"a": 1})) == []


def test_a_notes_identity_is_what_the_item_says_and_not_the_text(apply: Any) -> None:
    reworded = COMMENTS.replace(": {{ item.comment }}", " said {{ item.comment }}")
    (before,) = apply(COMMENTS, comments=[comment("one")]).notes
    (after,) = apply(reworded, comments=[comment("one")]).notes
    (other,) = apply(COMMENTS, comments=[comment("one", at="2024-05-01T10:00:01Z")]).notes

    assert before == Note("comment", before.item, "Kim: one")
    assert len(before.item) == 16
    assert before.item == after.item != other.item


def test_equal_items_are_all_kept(apply: Any) -> None:
    same = comment("again")
    mapped: Mapped = apply(COMMENTS, {"comments": [same]}, comments=[same, same])

    assert notes(mapped) == [("Kim: again", False), ("Kim: again", True)]
    assert mapped.notes[1].item == f"{mapped.notes[0].item}-2"


def test_copies_of_our_own_notes_are_no_items(apply: Any) -> None:
    echo = comment("Kim: one\n[mdxdr:0123456789ab]")

    assert notes(apply(COMMENTS, comments=[echo, comment("two")])) == [("Kim: two", True)]


def test_a_note_for_each_text_of_a_list(apply: Any) -> None:
    body = "notes: [{name: tag, each: customTags, text: 'tagged {{ item }}', when: item != 'x', backfill: true}]\n"
    (note,) = apply(body, customTags=["x", "\ud800y"]).notes

    assert (note.text, note.backfill, len(note.item)) == ("tagged \ud800y", True, 16)


CHANGED = """\
notes:
  - {name: status, changed: [status, assignedTo], text: "{{ old.status | text }} -> {{ status | text }}"}
"""


@pytest.mark.parametrize(
    ("old", "incident", "said"),
    [
        (None, {}, []),
        ({}, {}, []),
        ({}, {"displayName": "other"}, []),
        ({}, {"status": "ACTIVE", "assignedTo": "Unassigned"}, []),
        ({"assignedTo": "Kim"}, {"assignedTo": " kim "}, []),
        ({}, {"status": "inProgress"}, ["Active -> In progress"]),
        ({}, {"assignedTo": "Customer"}, ["Active -> Active"]),
        ({}, {"status": "paused"}, ["Active -> paused"]),
        ({"status": "paused"}, {"status": "paused"}, []),
        ({"status": "paused"}, {"status": "frozen"}, ["paused -> frozen"]),
    ],
)
def test_changes(apply: Any, old: dict[str, Any] | None, incident: dict[str, Any], said: list[str]) -> None:
    mapped: Mapped = apply(CHANGED, old, **incident)

    assert [note.text for note in mapped.notes] == said
    assert {(note.item, note.fresh) for note in mapped.notes} <= {("2024-05-01T11:00:00Z", True)}
    assert mapped.unmapped == ()


def test_a_let_name_in_a_note_prints_unknown_words_too(apply: Any) -> None:
    body = "let: {title: 'now {{ status }}.'}\n" + CHANGED.replace("{{ status | text }}", "{{ title }}")

    assert [note.text for note in apply(body, {}, status="paused").notes] == ["Active -> now paused."]


def test_a_condition_that_cannot_be_decided_says_nothing(apply: Any) -> None:
    body = "notes: [{name: s, changed: [status], when: status != 'resolved', text: x}]\n"
    mapped: Mapped = apply(body, {}, status="paused")

    assert (mapped.notes, mapped.unmapped) == ((), (Unmapped("notes.s", "status", "paused"),))


def test_empty_notes_are_not_said_and_long_ones_are_cut(apply: Any) -> None:
    body = (
        "notes: [{name: n, each: customTags, text: '{{ item }}'}, {name: m, each: customTags, text: ' '}]\n"
    )
    mapped: Mapped = apply(body, customTags=["x" * 40_000])

    assert [len(note.text) for note in mapped.notes] == [29_900]
    assert mapped.cut == ("notes.n",)


SCOPE = """\
scope:
  - {id: portal, exclude_when: severity == 'informational', reason: triaged in the portal}
  - {id: test, exclude_when: "'test' in customTags"}
create_when: status not in ['resolved', 'redirected']
fields: {impact: 1}
tags: {into: note, add: [{tag: a}]}
"""


@pytest.mark.parametrize(
    ("incident", "may_create", "excluded", "rules"),
    [
        ({}, True, None, []),
        ({"status": "resolved"}, False, None, []),
        ({"severity": "informational"}, False, Exclusion("portal", "triaged in the portal"), []),
        ({"customTags": ["Test"]}, False, Exclusion("test", ""), []),
        ({"status": "paused"}, False, None, ["create_when"]),
        ({"severity": "dire"}, False, None, ["scope.portal"]),
        ({"severity": "dire", "customTags": ["test"]}, False, Exclusion("test", ""), []),
    ],
)
def test_scope_and_creation(
    apply: Any, incident: dict[str, Any], may_create: bool, excluded: Exclusion | None, rules: list[str]
) -> None:
    mapped: Mapped = apply(SCOPE, **incident)

    assert (mapped.may_create, mapped.excluded) == (may_create, excluded)
    if excluded is None:
        assert [unmapped.rule for unmapped in mapped.unmapped] == rules
        assert mapped.record.fields == {"impact": "1"}
    else:
        assert (mapped.record.fields, mapped.record.tags, mapped.record.keep_tags) == ({}, (), True)


def test_a_route_may_be_about_nothing_or_create_nothing(apply: Any) -> None:
    assert apply("scope: [{id: off, exclude_when: true}]\n").excluded == Exclusion("off", "")
    assert apply("scope: [{id: off, exclude_when: false}]\ncreate_when: false\n").may_create is False


def test_nothing_is_created_without_what_could_not_be_decided(apply: Any) -> None:
    body = (
        "fields:\n  title: x\n  severity: High\n"
        "  status: {from: status, values: {active: New}, otherwise: Active}\n"
    )
    options = {"target": "sentinel"}

    assert apply(body, options=options).may_create is True
    assert apply(body, options=options, status="paused").may_create is False
