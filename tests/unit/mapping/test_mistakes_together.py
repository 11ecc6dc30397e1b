"""Several mistakes in one mapping: one run tells them all, each in its line, and nothing that is no mistake."""

import random
from collections.abc import Sequence

import pytest

from connector.errors import ConfigError, Problem
from connector.yamlsource.document import read
from tests.unit.mapping.conftest import Complaints
from tests.unit.mapping.folder import BASE as SMALL
from tests.unit.mapping.folder import Folder
from tests.unit.mapping.planted import PLANTED, Planted
from tests.unit.mapping.test_planted import BASE, problems_of

SEED, FILES, EACH = 7, 36, 6
# What is only known once something else is right: the mistakes, and the lines of what they depend on.
SCOPE, STATE, DECISION, TAGS = range(8, 10), range(13, 22), range(30, 38), range(38, 43)
DEPENDS: dict[str, Sequence[int]] = {
    "a closed ticket without notes": [*SCOPE, *STATE, *DECISION],
    "a reason to hold what is not held": [*SCOPE, *STATE],
    "an example that is wrong": STATE,
    "tags in an example": TAGS,
    **dict.fromkeys(
        (
            "no row for the rest",
            "a row with too few cells",
            "a word in a cell",
            "a cell that accepts nothing",
        ),
        DECISION,
    ),
    **dict.fromkeys(("a list's cell in a column of words", "a row that comes too late"), DECISION),
}
# Without a target nobody knows its fields.
APART = frozenset({"no target"})


def can_be_read(mistake: Planted) -> bool:
    """Whether it leaves the file YAML: of what is none, only the first mistake is known."""
    try:
        read(BASE.replace(mistake.right, mistake.wrong, 1), "planted.yaml")
    except ConfigError:
        return False
    return mistake.what not in APART


READABLE = [mistake for mistake in PLANTED if can_be_read(mistake)]


def first_of(mistake: Planted) -> int:
    """The first line that it changes."""
    return BASE[: BASE.index(mistake.right)].count("\n") + 1


def lines_of(mistake: Planted) -> set[int]:
    """The lines that it needs for itself."""
    first = first_of(mistake)
    return {mistake.line, *range(first, first + mistake.right.rstrip("\n").count("\n") + 1)}


def together(mistakes: Sequence[Planted]) -> str:
    text = BASE
    for mistake in sorted(mistakes, key=lambda each: BASE.index(each.right), reverse=True):
        at = BASE.index(mistake.right)
        text = text[:at] + mistake.wrong + text[at + len(mistake.right) :]
    return text


def line_of(mistake: Planted, others: Sequence[Planted]) -> int:
    """Where it stands when others add or take away lines above it."""
    above = [each for each in others if each is not mistake and first_of(each) < mistake.line]
    return mistake.line + sum(each.wrong.count("\n") - each.right.count("\n") for each in above)


def drawn(number: int) -> list[Planted]:
    """Some mistakes with no line in common."""
    chance = random.Random(SEED + number)
    found: list[Planted] = []
    for mistake in chance.sample(READABLE, len(READABLE)):
        taken = set().union(*map(lines_of, found))
        if taken.isdisjoint(lines_of(mistake)) and len(found) < EACH:
            found.append(mistake)
    return found


def hides(mistake: Planted, others: Sequence[Planted]) -> bool:
    """Whether what it depends on is wrong, too."""
    lines = set().union(*(lines_of(each) for each in others if each is not mistake))
    return not lines.isdisjoint(DEPENDS.get(mistake.what, ()))


def is_told(mistake: Planted, others: Sequence[Planted], problems: Sequence[Problem]) -> bool:
    line = line_of(mistake, others)
    return any(each.line == line and mistake.named in each.remedy for each in problems)


@pytest.mark.parametrize("number", range(FILES))
def test_mistakes_in_one_file_are_all_told(number: int) -> None:
    mistakes = drawn(number)
    problems = problems_of(together(mistakes))
    told = "\n".join(map(str, problems))

    for mistake in mistakes:
        assert hides(mistake, mistakes) or is_told(mistake, mistakes, problems), f"{mistake.what}:\n{told}"
    # Nothing is told of lines that are right.
    wrong = {line_of(mistake, mistakes) for mistake in mistakes}
    touched = {line for each in mistakes for line in lines_of(each)}
    assert {each.line for each in problems} <= wrong | touched, told


# What a file says, and the places of everything that is said about it.
TOGETHER = {
    "of shape and of meaning in one rule": (
        "fields:\n  u_a: {from: severty, values: {high: 1.5, low: '{{ staus }}'}, otherwise: x, mode: folow}",
        ["5:15 u_a.from", "5:39 u_a.values.high", "5:49 u_a.values.low", "5:85 u_a.mode"],
    ),
    "in one list": (
        "scope:\n  - 5\n  - {id: a, exclude_wen: sttus}\n  - {id: b, exclude_when: sevrity == 'low', reson: x}",
        [
            "5:5 scope[0]",
            "6:13 scope[1].exclude_wen",
            "6:26 scope[1].exclude_when",
            "7:27 scope[2].exclude_when",
            "7:45 scope[2].reson",
        ],
    ),
    "in a list of other things": (
        "notes:\n  - drop\n  - {name: n, changed: [qq], text: x}\ntags: {into: note, add: [drop, {tag: '{{ x }}'}]}",
        ["5:5 notes[0]", "6:25 notes[1].changed[0]", "7:26 tags.add[0]", "7:38 tags.add[1].tag"],
    ),
    "in one note": (
        "notes:\n  - {name: n, each: comment, txt: '{{ item.x }}', when: sttus, backfill: 1}",
        ["5:21 notes[0].each", "5:30 notes[0].txt", "5:57 notes[0].when", "5:74 notes[0].backfill"],
    ),
    "in one table": (
        (
            "decisions:\n  - id: 5\n    given: [severty, status]\n    set: [u_a]\n    rows:\n"
            "      - [high, activ, '{{ x }}']\n      - 7\n      - [low, active, '{{ y }}']\n    els: ['{{ z }}']"
        ),
        [
            "5:5 decisions[0]",
            "5:9 decisions[0].id",
            "6:13 decisions[0].given[0]",
            "9:16 decisions[0].rows[0][1]",
            "9:23 decisions[0].rows[0][2]",
            "10:9 decisions[0].rows[1]",
            "11:23 decisions[0].rows[2][2]",
            "12:5 decisions[0].els",
            "12:11 decisions[0].else[0]",
        ],
    ),
    "in one expression": (
        (
            "fields:\n  u_a: \"{{ staus }} {{ severity == 'hihg' }} {{ x if id | lowr else id }} "
            "{{ id | date('QQ', y) }}\""
        ),
        ["5:8 u_a"] * 7,
    ),
    "in one list of cells": (
        "decisions: [{id: a, given: [status], set: [u_a], rows: [[activ, 1], [active, 2], [active, 3]]}]",
        [
            "4:50 decisions[0].rows",
            "4:58 decisions[0].rows[0][0]",
            "4:82 decisions[0].rows[2]",
        ],
    ),
    "in a file with a wrong head": (
        "version: 1\nextends: 5\nfoo: 1\nfields: {u_a: '{{ vars.nothing }}'}",
        ["4:1 version", "5:10 extends", "6:1 foo", "7:15 fields.u_a"],
    ),
    "in let and in what uses it": (
        "let: {a: stus, b: 1.5, c: d, d: id}\nfields: {u_a: '{{ a }} {{ b }} {{ c }} {{ e }}'}",
        ["4:10 let.a", "4:19 let.b", "4:27 let.c", "5:15 fields.u_a"],
    ),
    "in examples": (
        (
            "fields: {impact: 1, u_a: '{{ x }}'}\nscope: [{id: s, exclude_when: id == '9'}]\nexamples:\n"
            "  - {name: a, incident: {foo: 1}, expect: {fields: {impcat: 1, impact: 9}, excluded: t}}\n"
            "  - {name: b, incident: {statsu: active}, expect: {fields: {impact: 2, u_a: no}, undecided: [stat]}}\n"
            "  - {name: c, incident: {}, expects: {fields: {impact: 3}}, strange: 1}\n"
        ),
        [
            "4:26 fields.u_a",
            "7:26 examples[0].incident.foo",
            "7:53 examples[0].expect.fields.impcat",
            "7:72 examples[0].expect.fields.impact",
            "7:86 examples[0].expect.excluded",
            "8:26 examples[1].incident.statsu",
            "8:69 examples[1].expect.fields.impact",
            "8:94 examples[1].expect.undecided[0]",
            "9:29 examples[2].expects",
            "9:61 examples[2].strange",
        ],
    ),
}


@pytest.mark.parametrize("case", TOGETHER)
def test_nothing_hides_what_stands_beside_it(complaints: Complaints, case: str) -> None:
    body, places = TOGETHER[case]
    told = complaints(f"{body}\n")

    assert [each.partition(": ")[0].replace(" fields.u_a", " u_a") for each in told] == [
        place.replace(" fields.u_a", " u_a") for place in places
    ], "\n".join(told)


WITHOUT_ALARM = {
    "a field that is left out": "fields: {title: '{{ x }}', severity: High, status: New}",
    "a field that is misspelt": "fields: {titel: y, severity: High, status: New}",
    "a section that is lost": "fields: [title, severity, status]",
    "a scope rule that is left out": "scope: [{id: a, exclude_when: x}]",
    "a key that nobody knows": "extra: {title: x}",
    "a condition that is left out": "create_when: x",
    "a section twice": "notes: []\nnotes: []",
}


@pytest.mark.parametrize("case", WITHOUT_ALARM)
def test_what_only_follows_from_a_mistake_is_not_told(complaints: Complaints, case: str) -> None:
    example = "examples: [{name: e, incident: {}, expect: {fields: {title: y}, create: true, tags: []}}]\n"
    fields = "" if "fields" in WITHOUT_ALARM[case] else "fields: {title: y, severity: High, status: New}\n"
    (complaint,) = complaints(f"{WITHOUT_ALARM[case]}\n{fields}{example}", target="sentinel")

    assert complaint.startswith(("4:", "5:1 notes: the same key"))


def test_mistakes_of_a_mapping_and_of_its_bases() -> None:
    folder = Folder(
        base=SMALL.replace("severity]", "sevrity]").replace("  category: security", "  categry: security"),
        child="extends: base.yaml\nfields: {impact: 9, u_a: '{{ title | uper }}'}\n"
        "notes: [{name: n, text: '{{ stus }}'}]\n",
    )
    assert [each.partition(": ")[0] for each in folder.complaints()] == [
        "child.yaml:5:18 fields.impact",
        "child.yaml:5:26 fields.u_a",
        "child.yaml:6:9 notes[0]",
        "child.yaml:6:25 notes[0].text",
        "base.yaml:12:3 fields.categry",
        "base.yaml:15:13 decisions[0].given[0]",
    ]


@pytest.mark.parametrize("base", ["gone.yaml", "broken.yaml", "child.yaml"])
def test_a_base_that_cannot_be_read_hides_nothing_else(base: str) -> None:
    rules = "fields: {impact: 9, u_a: '{{ title }} {{ id | uper }}'}\nnotes: [{name: comment, drop: true}]\n"
    child = f"extends: {base}\n{rules}"
    told = Folder(child=child, broken="version: ]").complaints()

    assert len(told) == 3
    assert told[-1].startswith("broken.yaml") if base == "broken.yaml" else "extends" in told[0]
    assert ["fields.impact" in each or "fields.u_a" in each for each in told].count(True) == 2
