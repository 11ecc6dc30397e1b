"""What a mapping may cost: each bound is told with its place, before anything is spent on what is beyond it."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from connector.mapping.document import MAX_ROWS, MAX_RULES
from connector.yamlsource.document import MAX_BYTES, MAX_NODES
from connector.yamlsource.validation import MAX_PROBLEMS
from tests.unit.mapping.conftest import Complaints, Load
from tests.unit.mapping.folder import Folder


def listed(section: str, rule: str, count: int) -> str:
    return f"{section}:\n" + "".join(f"  - {{{rule.format(number)}}}\n" for number in range(count))


def named(section: str, value: str, count: int) -> str:
    return f"{section}:\n" + "".join(f"  u_{number}: {value}\n" for number in range(count))


def table(rows: int, *, given: str = "status", cells: str = "any", name: str = "routing") -> str:
    written = "".join(f"      - [{cells.format(number)}, SOC]\n" for number in range(rows))
    return f"  - id: {name}\n    given: [{given}]\n    set: [u_{name}]\n    otherwise: [SOC]\n    rows:\n{written}"


TABLES = "".join(table(MAX_ROWS, cells="x{}", given="displayName", name=f"t{each}") for each in range(3))
TOO_MANY = {
    "let": (named("let", "status", 101), "5:3 let: has 101 entries; keep at most 100"),
    "scope": (
        listed("scope", "id: s{}, exclude_when: false", 101),
        "5:3 scope: has 101 entries; keep at most 100",
    ),
    "fields": (
        named("fields", "x", MAX_RULES + 1),
        f"5:3 fields: has {MAX_RULES + 1} entries; keep at most {MAX_RULES}",
    ),
    "rows": (
        f"decisions:\n{table(MAX_ROWS + 1)}",
        f"10:7 decisions[0].rows: has {MAX_ROWS + 1} entries; keep at most {MAX_ROWS}",
    ),
    "rows in all": (
        f"decisions:\n{TABLES}",
        f"1:1: {3 * MAX_ROWS} rows in all decisions; at most {2 * MAX_ROWS} are read",
    ),
    "rows times combinations": (
        "decisions:\n"
        + table(
            MAX_ROWS,
            given="status, severity, classification, determination, users",
            cells="any, any, any, any, any",
        ),
        f"9:5 decisions[0].rows: {MAX_ROWS} rows over status, severity, classification, determination",
    ),
    "tags": (
        "tags:\n  into: note\n  " + listed("add", "tag: t{}", MAX_RULES + 1).replace("  - ", "    - "),
        f"7:5 tags.add: has {MAX_RULES + 1} entries; keep at most {MAX_RULES}",
    ),
    "notes": (
        listed("notes", "name: n{}, each: comments, text: x", 101),
        "5:3 notes: has 101 entries; keep at most 100",
    ),
    "examples": (
        listed("examples", "name: e{}, incident: {{}}, expect: {{}}", 1001),
        "5:3 examples: has 1001 entries; keep at most 1000",
    ),
    "bytes": ("#" * MAX_BYTES, f"the file has {MAX_BYTES + 41} bytes; at most {MAX_BYTES} are read"),
    "keys and values": (
        named("fields", "x", MAX_NODES // 2),
        f"more than {MAX_NODES} keys and values; split the file",
    ),
    "levels": ("fields: " + "[" * 1000, "more than 64 levels of nesting; flatten the document"),
    "an expression": (
        f"create_when: {' or '.join(['id'] * 5000)}",
        "4:14 create_when: longer than 16384 characters; split it with `let`",
    ),
    "digits": (
        f"create_when: priorityScore > {'9' * 5000}",
        "4:14 create_when: a number has too many digits; use at most 9007199254740992",
    ),
    "a number": (
        f"create_when: priorityScore > 0x{'f' * 5000}",
        "4:14 create_when: the number is too large; use at most 9007199254740992",
    ),
    "digits of a cell": (
        "decisions:\n" + table(1, given="priorityScore", cells=f"'>= {'9' * 5000}'"),
        "10:10 decisions[0].rows[0][0]: ",
    ),
    "a cell": (
        "decisions:\n" + table(1, cells="not " * 20_000 + "active"),
        "10:10 decisions[0].rows[0][0]: `not` twice; write the word alone",
    ),
    "levels of an expression": (
        f"create_when: {'(' * 1000}id{')' * 1000}",
        "4:14 create_when: nests too deeply; use `in` with a list, or split it with `let`",
    ),
}


@pytest.mark.parametrize("case", TOO_MANY)
def test_what_is_too_large_is_refused(complaints: Complaints, case: str) -> None:
    body, expected = TOO_MANY[case]
    (complaint,) = complaints(body)

    assert expected in complaint


def test_mistakes_without_number_are_told_in_part(complaints: Complaints) -> None:
    told = complaints("".join(f"k{number}: 1\n" for number in range(1000)))

    assert len(told) == MAX_PROBLEMS + 1
    assert told[0].endswith(f"{1000 - MAX_PROBLEMS} more problems; mend the others first")


def test_bounds_are_for_all_files_together() -> None:
    folder = Folder(
        base=named("fields", "x", MAX_RULES),
        child="extends: base.yaml\nfields: {u_more: x, u_0: drop, u_1: drop}\n",
    )
    assert len(folder.load().writers) == MAX_RULES - 1

    folder = Folder(base=named("fields", "x", MAX_RULES), child="extends: base.yaml\nfields: {u_more: x}\n")
    (complaint,) = folder.complaints()
    assert complaint.endswith(f"fields: has {MAX_RULES + 1} entries; keep at most {MAX_RULES}")


def test_texts_that_double_do_not_grow_without_end(load: Load) -> None:
    lets = "".join(f"  a{each}: '{{{{ a{each - 1} }}}}{{{{ a{each - 1} }}}}'\n" for each in range(1, 90))
    mapping = load(f"let:\n  a0: '{{{{ displayName }}}}'\n{lets}fields: {{u_x: '{{{{ a89 }}}}'}}\n")
    written: Any = mapping.apply({"id": "1", "displayName": "x" * 100}, None).record.fields["u_x"]

    assert 100 < len(written) <= 100_000


GROWING: dict[str, Callable[[int], str]] = {
    "rows": lambda count: (
        "decisions:\n" + table(count, given="status, deviceGroups", cells="any, {{has: g{}}}")
    ),
    "values": lambda count: (
        "fields:\n  u_x:\n    from: id\n    otherwise: x\n    "
        + named("values", "x", count).replace("  u", "      u")
    ),
    "tags": lambda count: (
        "tags:\n  into: note\n  " + listed("add", "tag: t{}", count).replace("  - ", "    - ")
    ),
    "fields": lambda count: named("fields", "x", count),
}


def work(load: Load, body: str) -> int:
    """How many functions are called while a mapping is loaded, which no other process can change."""
    calls = 0

    def count(*event: Any) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        load(body)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("section", GROWING)
def test_work_grows_with_what_is_written_and_no_faster(load: Load, section: str) -> None:
    body = GROWING[section]
    few, some, many = (work(load, body(count)) for count in (20, 40, 80))

    assert many - some < 2.5 * (some - few)
