"""Refuse modules over 300 lines and functions over 40, docstrings of functions not counted.

A script of its own, because the linter counts statements, and a statement can be as long as a page.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

MODULE_LINES = 300
FUNCTION_LINES = 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


def docstring_lines(function: Function) -> int:
    if ast.get_docstring(function, clean=False) is None:
        return 0
    first = function.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1


def function_lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring_lines(function)


def findings(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    lines = len(text.splitlines())
    if lines > MODULE_LINES:
        yield f"{path}: module has {lines} lines, more than {MODULE_LINES}: split it by noun"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function) and (length := function_lines(node)) > FUNCTION_LINES:
            yield f"{path}:{node.lineno}: {node.name}() has {length} lines, more than {FUNCTION_LINES}"


def main(folders: list[str]) -> int:
    paths = (path for folder in folders for path in sorted(Path(folder).rglob("*.py")))
    found = [finding for path in paths for finding in findings(path)]
    print(
        "\n".join(found) or f"sizes: no module over {MODULE_LINES} lines, no function over {FUNCTION_LINES}"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["connector", "tests"]))
