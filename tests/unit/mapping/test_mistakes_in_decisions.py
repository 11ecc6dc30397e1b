"""Mistakes in decision tables: in a cell, in a row, and in the table as a whole."""

from typing import Any

import pytest


def table(given: str, *rows: str, rest: str = "otherwise: [none]") -> str:
    written = "".join(f"      - {row}\n" for row in rows)
    return f"decisions:\n  - id: d\n    given: [{given}]\n    set: [u_out]\n    rows:\n{written}    {rest}\n"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (
            table("severty", "[high, x]"),
            "6:13 decisions[0].given[0]: unknown name `severty`; did you mean `severity`?",
        ),
        (
            table("severity", "[high]"),
            "9:9 decisions[0].rows[0]: the row has 1 cell; write 2: severity, u_out",
        ),
        (
            table("severity", "[hihg, x]"),
            "9:10 decisions[0].rows[0][0]: `hihg` is not a word of severity; did you mean `high`?",
        ),
        (
            table("severity", "[3, x]"),
            "9:10 decisions[0].rows[0][0]: `3` is not a word; name a member, a list of them, or any",
        ),
        (
            table("severity", "[{has: high}, x]"),
            (
                '9:10 decisions[0].rows[0][0]: `{"has":"high"}` is not a word; name a member, a list of '
                "them, or any"
            ),
        ),
        (
            table("severity", "['>= hihg', x]"),
            "9:10 decisions[0].rows[0][0]: `hihg` is not a word of severity; did you mean `high`?",
        ),
        (
            table("status", "['>= active', x]"),
            "9:10 decisions[0].rows[0][0]: status has no order; compare with `==` or `in`",
        ),
        (
            table("id == '1'", "[yes, x]"),
            '9:10 decisions[0].rows[0][0]: `"yes"` is not true or false; use true, false or any',
        ),
        (
            table("deviceGroups", "[PCI, x]"),
            '9:10 decisions[0].rows[0][0]: a list is never equal to one value; write {has: "PCI"}',
        ),
        (
            table("deviceGroups", "[{hass: PCI}, x]"),
            "9:10 decisions[0].rows[0][0]: a cell in braces is {has: ...}; write {has: value}",
        ),
        (
            table("displayName", "[{has: PCI}, x]"),
            "9:10 decisions[0].rows[0][0]: `has` looks into lists; write the value alone",
        ),
        (
            table("severity", "[high, {lokup: x}]"),
            (
                '9:16 decisions[0].rows[0][1]: `{"lokup":"x"}` is not a value; write a text, a number, '
                "leave, clear, or {lookup: ...}"
            ),
        ),
        (
            table("severity", "[high, copy]"),
            "9:16 decisions[0].rows[0][1]: there is nothing to copy here; use `copy` in a table with `from`",
        ),
        (
            table("severity", "[any, x]", rest="otherwise: [a, b]"),
            "10:16 decisions[0].otherwise: 2 values; write one for each of u_out",
        ),
        (
            table("severity", "[any, x]", rest="when: id == '1'\n    else: []"),
            "11:11 decisions[0].else: 0 values; write one for each of u_out",
        ),
        (
            table("severity", "[any, x]", rest="else: [y]"),
            "5:5 decisions[0]: `else` needs `when`; say when the rule holds",
        ),
        (
            table("severity", "[any, x]", rest="when: stats"),
            "10:11 decisions[0].when: unknown name `stats`; did you mean `status`?",
        ),
        (
            table("severity", "[any, x]", "[high, y]"),
            (
                "10:9 decisions[0].rows[1]: this row can never match: rows above it match first; remove "
                "or move it"
            ),
        ),
        (
            table("severity", "['> high', x]"),
            "9:9 decisions[0].rows[0]: this row can never match: a cell accepts nothing; correct the cell",
        ),
        (
            table("severity", "['>= medium', x]", "[[low, informational, unknown], x]", "[any, y]"),
            (
                "11:9 decisions[0].rows[2]: this row can never match: rows above it match first; remove "
                "or move it"
            ),
        ),
        (
            table("severity, deviceGroups", "[any, {has: a}, x]", "[high, {has: a}, y]"),
            (
                "10:9 decisions[0].rows[1]: this row can never match: rows above it match first; remove "
                "or move it"
            ),
        ),
        (
            table("severity", "[high, x]", rest="mode: follow"),
            (
                "8:5 decisions[0].rows: no row covers severity informational; severity low; severity "
                "medium; severity unknown; add rows, or `otherwise`"
            ),
        ),
        (
            table("status, id == '1'", "[active, any, x]", rest="mode: follow"),
            (
                "8:5 decisions[0].rows: no row covers status awaitingAction with id == '1' false; status "
                "awaitingAction with id == '1' true; status inProgress with id == '1' false; status "
                "inProgress with id == '1' true; status redirected with id == '1' false and 3 more; add "
                "rows, or `otherwise`"
            ),
        ),
        (
            table("deviceGroups", "[{has: a}, x]", rest="mode: follow"),
            "8:5 decisions[0].rows: no row covers every incident; add rows, or `otherwise`",
        ),
    ],
)
def test_mistakes(complaints: Any, body: str, complaint: str) -> None:
    assert complaints(body) == [complaint]
