"""What is wrong with a text that is no YAML, in the words of somebody who wrote it, and in the line they should mend.

PyYAML says where it gave up. A bracket or quote that is never closed, or a key without its colon, is noticed lines
later, in a line that is right; the lines before tell where the mistake is.
"""

import re
from collections.abc import Iterable

import yaml

from connector.errors import Problem

Fragment = tuple[str, str, str]
# Fragments of PyYAML's messages, what they mean, and what to do.
_FRAGMENTS: tuple[Fragment, ...] = (
    ("\\t", "a tab stands where spaces belong", "indent with spaces"),
    ("mapping values are not allowed", "a second `:` on this line", "quote the text that contains `:`"),
    ("could not find expected ':'", "a key without `:`", "write `key: value`"),
    ("expected <block end>", "this line is indented differently from its neighbours", "align it with them"),
    (
        "expected the node content",
        "a value is missing or starts with a reserved character",
        "quote the value",
    ),
    ("cannot start any token", "text starts with a reserved character", "quote the text"),
    ("expected a single document", "a second document starts here", "keep one document per file"),
    ("while scanning a quoted scalar", "a quote is never closed", "close it"),
    ("unexpected end of stream", "the text ends inside a quote", "close the quote"),
    (
        "unknown escape character",
        "an unknown escape in double quotes",
        "use single quotes, or double the `\\`",
    ),
    ("but got '<stream end>'", "a bracket or brace is never closed", "close it"),
    ("expected ',' or", "a reserved character inside `[...]` or `{...}`", "quote the text that contains it"),
    ("tag handle", "tags, which begin with `!`, are not supported", "quote it to make it text"),
    ("anchors and aliases", "anchors and aliases are not supported", "write the value out"),
)
_QUOTE = re.compile(r'(?<!\\)"')


def syntax_problem(
    error: yaml.MarkedYAMLError, text: str, file: str, others: Iterable[Fragment] = ()
) -> Problem:
    """The complaint for an error of PyYAML's about `text`; `others` are further fragments of messages."""
    said = f"{error.context or ''} {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines() or [""]
    earlier = _earlier(error, said, lines, min(line, len(lines) - 1), column)
    if earlier is not None:
        what, remedy, line, column = earlier
        return Problem(what, remedy, "", file, line + 1, column + 1)
    for fragment, what, remedy in (*_FRAGMENTS, *others):
        if fragment in said:
            return Problem(what, remedy, "", file, line + 1, column + 1)
    return Problem(f"not YAML: {said.strip()}", "correct the syntax here", "", file, line + 1, column + 1)


_Found = tuple[str, str, int, int]


def _earlier(
    error: yaml.MarkedYAMLError, said: str, lines: list[str], line: int, column: int
) -> _Found | None:
    """What is wrong and where, if it is not what PyYAML noticed."""
    before = lines[line][:column]
    if "mapping values are not allowed" in said and ":" not in before:
        return _key_before(lines, line)
    if "expected <block end>" in said and before.strip():
        return _quote_before(lines, line, column)
    start = error.context_mark
    if "while parsing a flow" not in said or start is None or start.line >= line:
        return None
    if _indent(lines[line]) > _indent(lines[start.line]):
        return None
    return "a bracket or brace is never closed", "close it", start.line, start.column


def _key_before(lines: list[str], line: int) -> _Found:
    """A key in a line that goes on with the text of the line before."""
    above = next((each for each in range(line - 1, -1, -1) if lines[each].strip()), line)
    if ":" in lines[above]:
        what = "this line is indented differently from its neighbours"
        return what, "align it with them", line, _indent(lines[line])
    return "a key without `:`", "write `key: value`", above, _indent(lines[above])


def _quote_before(lines: list[str], line: int, column: int) -> _Found:
    """Text after a quote: the quote was closed too early, or it began in a line before and was never closed there."""
    for above in range(line - 1, -1, -1):
        quotes = [match.start() for match in _QUOTE.finditer(lines[above])]
        if len(quotes) % 2:
            return "a quote is never closed", "close it", above, quotes[-1]
    return "text after a closing quote", "quote the whole text", line, column


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
