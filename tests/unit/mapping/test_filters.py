"""The filters, each on what it is for and on what it is not."""

from typing import Any

import pytest

from connector.mapping.expr import ExpressionError, Scope
from connector.mapping.expressions import compile_expression
from connector.mapping.html import plain
from connector.mapping.text import MAX_TEXT, cut
from connector.mapping.view import View

INCIDENT: dict[str, Any] = {
    "id": "42",
    "status": "awaitingAction",
    "determination": "compromisedUser",
    "summary": "<p>Two&nbsp;devices</p><p>were &lt;hit&gt;.</p>",
    "customTags": ["b", "a", "b"],
    "serviceSources": ["microsoft365Defender", "brandNewSource"],
    "createdDateTime": "2024-03-31T00:30:00.1234567Z",
    "comments": [{"comment": "hi", "createdByDisplayName": "Kim", "createdDateTime": None}],
    "displayName": "Straße",
}
SCOPE = Scope({"zone": "Europe/Zurich", "format": "dd.MM.yyyy", "many": [1, None]})


@pytest.mark.parametrize(
    ("source", "meaning"),
    [
        ("createdDateTime | date('yyyy-MM-dd HH:mm:ss')", "2024-03-31 00:30:00"),
        ("createdDateTime | date(vars.format, vars.zone)", "31.03.2024"),
        ("createdDateTime | date('yyyy-MM-ddTHH:mm:ssZ', 'UTC')", "2024-03-31T00:30:00Z"),
        ("createdDateTime | date('{HH}', 'Asia/Tokyo')", "{09}"),
        ("createdDateTime | plus('90s')", "2024-03-31T00:31:30.1234567Z"),
        ("createdDateTime | plus('15m')", "2024-03-31T00:45:00.1234567Z"),
        # The clocks in Zurich go forward that night: one hour later is two hours later on the wall.
        ("createdDateTime | plus('1h') | date('HH:mm', vars.zone)", "03:30"),
        ("createdDateTime | plus('2d')", "2024-04-02T00:30:00.1234567Z"),
        ("createdDateTime | plus('999999999d')", None),
        ("'9999-12-31T23:00:00Z' | date('yyyy', 'Asia/Tokyo')", None),
        ("displayName | date('yyyy')", None),
        ("description | plus('1h') | date('yyyy')", None),
        ("customTags | join", "b, a, b"),
        ("customTags | join('|')", "b|a|b"),
        ("description | join", ""),
        ("displayName | join", "Straße"),
        ("customTags | unique", ["b", "a"]),
        ("customTags | first", "b"),
        ("devices | first", None),
        ("customTags | count", 3),
        ("devices | count", 0),
        ("description | count", 0),
        ("vars.many | count", 2),
        ("displayName | upper", "STRASSE"),
        ("displayName | lower", "straße"),
        ("displayName | cut(4)", "Str…"),
        ("displayName | cut(6)", "Straße"),
        ("status | text", "Awaiting Customer Action"),
        ("determination | text", "Compromised account"),
        ("old.status | text", ""),
        ("classification | text", "Not set"),
        ("id | text", "42"),
        ("serviceSources | text", ["Microsoft Defender XDR", "brandNewSource"]),
        ("serviceSources | first | text", "Microsoft Defender XDR"),
        ("summary | plain", "Two devices\n\nwere <hit>."),
        ("comments | json", '[{"comment":"hi","createdByDisplayName":"Kim","createdDateTime":null}]'),
        ("description | default('none')", "none"),
        ("devices | default(displayName)", "Straße"),
        ("alertCount | default(0)", 0),
        ("displayName | default('none')", "Straße"),
    ],
)
def test_meaning(source: str, meaning: object) -> None:
    found = compile_expression(source, SCOPE).run(View(INCIDENT))

    assert (type(found), found) == (type(meaning), meaning)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("id | date('QQ')", "`QQ` is not a part of a date"),
        ("id | date('yyyyMMdd', 'Mars/Olympus')", "`Mars/Olympus` is not a known time zone"),
        ("id | date('yyyy', '../etc/passwd')", "`../etc/passwd` is not a known time zone"),
        ("id | date(displayName)", "the format of `date` must be a text known beforehand"),
        ("id | date('yyyy', 5)", "the zone of `date` must be a text known beforehand"),
        ("id | plus('3w')", "`3w` is not a duration"),
        ("id | plus(3)", "a duration must be a text known beforehand"),
        ("id | cut(0)", "`cut` takes a positive whole number"),
        ("id | cut(true)", "`cut` takes a positive whole number"),
        ("id | cut(alertCount)", "`cut` takes a positive whole number"),
        ("id | join(displayName)", "the separator of `join` must be a text known beforehand"),
    ],
)
def test_mistakes_are_found_before_any_incident(source: str, what: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source, SCOPE)

    assert [complaint[0] for complaint in caught.value.complaints] == [what]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("no markup, 1 < 2", "no markup, 1 < 2"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<div>a</div><div>b</div>", "a\n\nb"),
        ("<p>a</p>\n\n\n\n<p>b</p>", "a\n\nb"),
        ("x<script>alert('<b>')</script>y<STYLE>p{}</STYLE>z", "xyz"),
        ("<script>never closed", ""),
        ("<script></b>still</script>said", "said"),
        ("a <!-- hidden --> b", "a b"),
        ("<a href='x'>link</a> &amp; more&#33;", "link & more!"),
        ("a <b c", "a <b c"),
        ("", ""),
    ],
)
def test_plain(html: str, text: str) -> None:
    assert plain(html) == text


def test_plain_is_quick_whatever_it_gets() -> None:
    for evil in ("<", "<a", "<script>", "<!--", "&", "</"):
        assert len(plain(evil * MAX_TEXT)) <= MAX_TEXT


@pytest.mark.parametrize(("limit", "text"), [(0, ""), (1, "…"), (3, "ab…"), (4, "abcd"), (9, "abcd")])
def test_cut(limit: int, text: str) -> None:
    assert cut("abcd", limit) == text
