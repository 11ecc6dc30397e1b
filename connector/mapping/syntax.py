"""What an expression looks like: Jinja2's syntax, read by Jinja2's parser, within bounds, its errors in plain words."""

from jinja2 import Environment, TemplateSyntaxError, nodes

from connector.mapping.expr import ExpressionError

MAX_SOURCE = 16 * 1024
MAX_NUMBER = 2**53
# Closures call each other as deeply as the expression nests; a chain of `or` nests, too.
MAX_DEPTH = 60
_TOO_DEEP = ("nests too deeply", "use `in` with a list, or split it with `let`")


def is_template(text: str) -> bool:
    """Whether a text is a template rather than itself."""
    return "{{" in text or "{%" in text or "{#" in text


def check_braces(text: str) -> None:
    """Raise ExpressionError where the text beside a template's expressions ends one that never began.

    Braces that belong to the text, as in JSON, have others before them that they close.
    """
    if "}}" in text and text.count("}") > text.count("{"):
        raise ExpressionError(
            ("`}}` closes nothing", "write `{{` before the name; for the braces, {{ '}}' }}")
        )


def parse(source: str) -> list[nodes.Expr]:
    """The parts of a template: texts and expressions. Raises ExpressionError."""
    if len(source) > MAX_SOURCE:
        raise ExpressionError((f"longer than {MAX_SOURCE} characters", "split it with `let`"))
    try:
        tree = Environment(autoescape=False, keep_trailing_newline=True).parse(source)  # noqa: S701  # nothing is rendered
    except TemplateSyntaxError as error:
        raise ExpressionError(_misread(error.message or "")) from error
    except RecursionError as error:
        raise ExpressionError(_TOO_DEEP) from error
    except ValueError as error:  # Python's own bound on the digits of a number
        raise ExpressionError(("a number has too many digits", f"use at most {MAX_NUMBER}")) from error
    found: list[nodes.Expr] = []
    for statement in tree.body:
        if not isinstance(statement, nodes.Output):
            raise ExpressionError(("`{% ... %}` is not part of the language", "use `when`, a table or `let`"))
        found.extend(statement.nodes)
    if any(_deeper_than(MAX_DEPTH, node) for node in found):
        raise ExpressionError(_TOO_DEEP)
    return found


# What Jinja2's parser says, what it means to somebody who wrote the expression, and what to do.
_MISREAD = (
    ("got '='", "`=` is no comparison", "compare with `==`"),
    ("unexpected char '&'", "`&` is not part of the language", "write `and`"),
    ("expected token 'name', got '|'", "`||` is not part of the language", "write `or`"),
    ("unexpected char '!'", "`!` is not part of the language", "write `not`"),
    ("Jinja was looking for", "`{% ... %}` is not part of the language", "use `when`, a table or `let`"),
    ("Expected an expression, got 'end of print statement'", "an expression is missing", "name a property"),
    ("unexpected char '\u2018'", "`\u2018` is not a quote here", "write `'`"),
    ("unexpected end of template", "`{{` is never closed", "close it with `}}`"),
    ("unexpected '}'", "`{{` is never closed", "close it with `}}`"),
    ("expected token 'name'", "a filter is missing after `|`", "name it, or remove the `|`"),
    ("unexpected 'end of print statement'", "a value is missing", "write it, or remove what stands before"),
    ("expected token 'end of print statement'", "a value follows another", "put an operator between the two"),
)


def _misread(said: str) -> tuple[str, str]:
    known = ((what, remedy) for fragment, what, remedy in _MISREAD if fragment in said)
    what, remedy = next(known, (said, "correct the expression"))
    return f"does not compile: {what}", remedy


def _deeper_than(depth: int, node: nodes.Node) -> bool:
    level: list[nodes.Node] = [node]
    for _ in range(depth):
        level = [child for parent in level for child in parent.iter_child_nodes()]
        if not level:
            return False
    return True
