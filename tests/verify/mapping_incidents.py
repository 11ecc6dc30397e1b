"""Incidents as the source could hand them over: every word, no word, tomorrow's words, odd types, much text."""

from typing import Any

from hypothesis import strategies as st

from connector.mapping.vocabulary import ENUMS, PROPERTIES, SERVICE_SOURCES, Kind

OWNERS = ("Defender Experts", "customer ", "Unassigned", "", "kim@example.com", "KIM@example.com")
_TIMES = (
    "2024-05-01T10:00:00.1234567Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.9999999Z",
    "2024-02-30T00:00:00Z",
    "2024-05-01 10:00:00+05:30",
    "yesterday",
)
_ODD_TEXTS = (
    "\u202emoc\u200b\u0000\ufffd",
    "\ud800 half a character",
    "e\u0301 \U0001f469\u200d\U0001f4bb",
    "<p>one &amp; <br>two<script>three</script>",
    " \t\n ",
    "[mdxdr:0123456789ab]",
    "{{ status }} {% if %}",
    "=1+1",
)

_short = st.text(max_size=30) | st.sampled_from(_ODD_TEXTS)
# Longer than any field; the longest are longer than any template's result.
_long = st.builds(
    lambda part, times: part * times, st.sampled_from(["a", "é ", "<b>", "🙂"]), st.integers(4000, 40_000)
)
texts = st.integers(0, 19).flatmap(lambda number: _long if number == 19 else _short)
odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.just(10**30) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The usual values, sometimes one of the wrong type."""
    return st.integers(0, 11).flatmap(lambda number: odd if number == 0 else usual)


def _words(name: str) -> st.SearchStrategy[Any]:
    known = ENUMS[name]
    spelled = st.sampled_from([*known.members, *known.spellings]).flatmap(
        lambda word: st.sampled_from([word, word, word.upper(), f" {word} "])
    )
    return _mostly(
        spelled | spelled | spelled | st.sampled_from([None, "unknownFutureValue", "quarantined", ""])
    )


def _many(items: st.SearchStrategy[Any], short: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Few items, or very many short ones that repeat."""
    repeated = st.builds(lambda part: part * 300, st.lists(short, min_size=1, max_size=4))
    return st.integers(0, 19).flatmap(
        lambda number: repeated if number == 19 else st.lists(items, max_size=4)
    )


def _comment(text: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["Kim", "Defender Experts", None, 5])
    times = st.sampled_from(_TIMES)
    return st.fixed_dictionaries(
        {}, optional={"comment": text, "createdByDisplayName": names, "createdDateTime": times}
    )


_TAGS = st.sampled_from(["vip", "VIP ", "PCI", "Defender Experts", "", "ⓥip", *SERVICE_SOURCES.words])
_tags = _many(_mostly(_TAGS | texts), _TAGS)
_comments = _many(_mostly(_comment(_mostly(texts))), _comment(_short))
_BY_KIND = {
    Kind.OWNER: _mostly(st.sampled_from(OWNERS) | st.none()),
    Kind.TEXT: _mostly(texts | st.none()),
    Kind.TIME: _mostly(st.sampled_from(_TIMES)),
    Kind.NUMBER: _mostly(st.integers(-5, 200)),
    Kind.TEXTS: _mostly(_tags),
    Kind.COMMENTS: _mostly(_comments),
}
_PROPERTIES = {
    name: _words(name) if name in ENUMS else _BY_KIND[known.kind]
    for name, known in PROPERTIES.items()
    if name not in {"experts", "portalUrl"}
}

incidents: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({}, optional=_PROPERTIES)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """An incident and its previous revision: none, another one, or one that a few changes made."""
    new = draw(incidents)
    match draw(st.integers(0, 2)):
        case 0:
            return new, None
        case 1:
            return new, draw(incidents)
    changed = draw(st.sampled_from(sorted(_PROPERTIES)))
    return new, {**new, changed: draw(_PROPERTIES[changed])}
