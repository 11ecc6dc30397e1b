from pathlib import Path

import pytest

from tests.lint_sizes import FUNCTION_LINES, MODULE_LINES, findings


def function_of(lines: int, *, docstring_lines: int = 0) -> str:
    docstring = ['    """First.', *["    more"] * (docstring_lines - 2), '    """'] if docstring_lines else []
    return "\n".join(["def f():", *docstring, *["    x = 1"] * (lines - 1)]) + "\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n" * MODULE_LINES, 0),
        ("x = 1\n" * (MODULE_LINES + 1), 1),
        (function_of(FUNCTION_LINES), 0),
        (function_of(FUNCTION_LINES + 1), 1),
        ("async " + function_of(FUNCTION_LINES + 1), 1),
        (function_of(FUNCTION_LINES, docstring_lines=9), 0),
        (function_of(FUNCTION_LINES + 1, docstring_lines=9), 1),
    ],
)
def test_sizes_over_the_limit_are_found(tmp_path: Path, text: str, expected: int) -> None:
    path = tmp_path / "module.py"
    path.write_text(text)
    assert len(list(findings(path))) == expected
