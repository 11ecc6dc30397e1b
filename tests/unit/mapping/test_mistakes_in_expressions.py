"""What expressions cannot say, and what is said about it."""

import pytest

from connector.mapping.expr import ExpressionError, Scope, constant
from connector.mapping.expressions import compile_expression
from connector.mapping.syntax import MAX_SOURCE

SCOPE = Scope(
    {"group": "SOC", "deep": {"er": [1, "two"]}},
    "contoso",
    {"mine": constant(True)},
    routes=frozenset({"servicenow"}),
)


@pytest.mark.parametrize(
    ("source", "what", "remedy"),
    [
        ("status == 'activ'", "`activ` is not a word of status", "did you mean `active`?"),
        (
            "status in ['active', 'closed']",
            "`closed` is not a word of status",
            "use one of active, resolved, inProgress, redirected, awaitingAction",
        ),
        (
            "severity >= 'urgent'",
            "`urgent` is not a word of severity",
            "use one of unknown, informational, low, medium, high",
        ),
        (
            "classification == null",
            "`null` is not a word of classification",
            "use one of unknown, falsePositive, truePositive, informationalExpectedActivity",
        ),
        ("status >= 'active'", "status has no order", "compare with `==` or `in`"),
        (
            "displayName > 'x'",
            "`<` and `>` compare severities, whole numbers, and times",
            "use `==` or `in`, or write the time as 2024-01-31T00:00:00Z",
        ),
        (
            "createdDateTime > 'May'",
            "`<` and `>` compare severities, whole numbers, and times",
            "use `==` or `in`, or write the time as 2024-01-31T00:00:00Z",
        ),
        (
            "status == \u2018active\u2019",
            "does not compile: `\u2018` is not a quote here",
            "write `'`",
        ),
        ("customTags == 'x'", "a list is never equal to one value", "use `in`, or the filter `count`"),
        ("'x' in alertCount", "`in` does not look into a number", "use a list, or a text"),
        ("stauts == 'active'", "unknown name `stauts`", "did you mean `status`?"),
        ("qqq", "unknown name `qqq`", "see the reference for the names of an incident"),
        ("old.qqq", "unknown name `qqq`", "see the reference for the names of an incident"),
        ("vars.grup", "the route has no var `grup`", "did you mean `group`?"),
        ("vars.group.er", "the route has no var `group.er`", "give the route `vars: {group: ...}`"),
        ("vars", "`vars` alone is not a value", "name a part of it, as in `vars.name`"),
        ("old", "`old` alone is not a value", "name a part of it, as in `old.status`"),
        ("source.id", "unknown name `source.id`", "write it as `source.name`"),
        ("item", "`item` exists only beside `each`", "name a property"),
        ("item.comment", "`item` exists only beside `each`", "name a property"),
        (
            "actions.pending",
            "`actions` is not available: no source reads managed-response actions yet",
            "remove it",
        ),
        (
            "links.sevicenow.number",
            "no other route or target is called `sevicenow`",
            "did you mean `servicenow`?",
        ),
        ("links.servicenow.nummer", "a record has no `nummer` here", "did you mean `number`?"),
        ("links.servicenow", "unknown name `links.servicenow`", "write it as `links.servicenow.number`"),
        ("record.state", "a record has no `state` here", "use one of number, url"),
        ("mergedInto", "`mergedInto` alone is not a value", "name a part of it, as in `mergedInto.number`"),
        ("status.x", "`status` has no parts", "write `status`"),
        ("mine.x", "`mine` has no parts", "write `mine`"),
        ("'x'.upper", "`.upper` needs a name before it", "write it as `vars.name`"),
        ("range(3)", "a call is not part of the language", "use a filter, as in `devices | count`"),
        (
            "status if mine else 1",
            "`... if ... else ...` is not part of the language",
            "use a table of values, `or`, or two rules with `when`",
        ),
        (
            "devices[0]",
            "`[...]` is not part of the language",
            "write it with a dot, or use the filter `first`",
        ),
        ("id is defined", "`is` is not part of the language", "compare with `==`"),
        ("id ~ 'x'", "`~` is not part of the language", "write a template with two parts"),
        ("{'a': 1}", "`{...}` is not part of the language", "use a table of values"),
        (
            "'x' * 300000000",
            "arithmetic is not part of the language",
            "write the result, or use the filter `plus` for times",
        ),
        (
            "9 ** 9",
            "arithmetic is not part of the language",
            "write the result, or use the filter `plus` for times",
        ),
        ("-alertCount", "arithmetic is not part of the language", "write the number"),
        ("1.5", "1.5 is not a whole number", "use whole numbers"),
        ("[status]", "a list may hold only literals and vars", "compare with `or`"),
        (
            "id | foo",
            "unknown filter `foo`",
            (
                "use one of date, plus, join, unique, first, count, upper, lower, cut, text, plain, "
                "json, default"
            ),
        ),
        ("id | cut", "`cut` takes 1 argument, not 0", "write it as `cut(80)`"),
        ("id | date", "`date` takes 1 to 2 arguments, not 0", "write it as `date('yyyy-MM-dd')`"),
        ("id | cut(length=3)", "`cut` takes no named arguments", "give them in order"),
        ("id | cut(*vars.deep.er)", "`cut` takes no named arguments", "give them in order"),
        ("{{ status }}", "this is not one expression", "write it without `{{` and `}}`"),
        ("1 }} {{ 2", "this is not one expression", "write it without `{{` and `}}`"),
        (
            "",
            "does not compile: an expression is missing",
            "name a property",
        ),
        ("status ==", "does not compile: a value is missing", "write it, or remove what stands before"),
        ("(" * 400 + "1" + ")" * 400, "nests too deeply", "use `in` with a list, or split it with `let`"),
        ("id or " * 2000 + "id", "nests too deeply", "use `in` with a list, or split it with `let`"),
        ("not " * 2000 + "id", "nests too deeply", "use `in` with a list, or split it with `let`"),
        ("vars" + ".a" * 2000, "nests too deeply", "use `in` with a list, or split it with `let`"),
        ("x" * (MAX_SOURCE + 1), f"longer than {MAX_SOURCE} characters", "split it with `let`"),
    ],
)
def test_what_the_language_refuses(source: str, what: str, remedy: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source, SCOPE)

    assert caught.value.complaints == ((what, remedy),)


def test_every_mistake_of_an_expression_is_named() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression("stauts == 'x' and vars.nothing or (severty | foo)", SCOPE)

    assert [what for what, _ in caught.value.complaints] == [
        "unknown name `stauts`",
        "the route has no var `nothing`",
        "unknown name `severty`",
        "unknown filter `foo`",
    ]
