"""Mistakes as people make them: what is written instead of what, and the edit that the complaint asks for."""

from typing import NamedTuple


class Planted(NamedTuple):
    """`right` becomes `wrong` in planted.yaml, which `check` complains of in `line`.

    The remedy has the words `named` in it, and `wrong` becoming `mended` does what it says.
    """

    what: str
    right: str
    wrong: str
    line: int
    named: str
    mended: str


def _typo(what: str, right: str, wrong: str, line: int, named: str) -> Planted:
    return Planted(what, right, wrong, line, f"did you mean `{named}`?", right)


PLANTED = (
    # names
    _typo("a key of the file", "create_when:", "creat_when:", 10, "create_when"),
    _typo("a key of a field", "mode: unless", "mod: unless", 28, "mode"),
    _typo("a key of a decision", "    given:", "    givn:", 32, "given"),
    _typo("a key of a note", 'text: "{{ old', 'txt: "{{ old', 45, "text"),
    _typo("a key of a look-up", "by: [user", "bye: [user", 27, "by"),
    _typo("a key of an example", "expect:", "expects:", 49, "expect"),
    _typo("the target", "servicenow", "servicnow", 3, "servicenow"),
    _typo("a field", "short_description:", "short_descripton:", 12, "short_description"),
    _typo("a field of a decision", "set: [close_code", "set: [close_cod", 33, "close_code"),
    _typo("a property in `from`", "from: severity", "from: severty", 22, "severity"),
    _typo("a property in a condition", "create_when: status", "create_when: staus", 10, "status"),
    _typo("a property in a template", "| text }} ->", "| text }} {{ staus }} ->", 45, "status"),
    _typo("a property in `given`", "given: [classification", "given: [clasification", 32, "classification"),
    _typo("a property in an example", "incident: {status", "incident: {sttus", 48, "status"),
    _typo("a filter", "| plus(", "| pluss(", 23, "plus"),
    _typo("a var", "vars.zone", "vars.zon", 23, "zone"),
    _typo("a part of a comment", "item.comment ", "item.coment ", 44, "comment"),
    _typo("a mode", "unless_edited", "unles_edited", 28, "unless_edited"),
    _typo("a list in `each`", "each: systemTags", "each: systemTag", 42, "systemTags"),
    _typo("a property in `changed`", "changed: [status]", "changed: [statuss]", 45, "status"),
    _typo("a place for tags", "into: note", "into: nte", 39, "note"),
    Planted("a name with capitals", "name: planted", "name: Planted", 2, "^[a-z0-9]", "name: planted"),
    # types and the head of the file
    Planted("another version", "version: 1", "version: 3", 1, "use one of 1", "version: 1"),
    Planted("no target", "target: servicenow\n", "", 1, "add it", "target: servicenow\n"),
    Planted("no id", "  - id: closing\n    when", "  - when", 30, "add it", "  - id: closing\n    when"),
    Planted("an id that is a number", "- id: closing", "- id: 5", 30, "put it in quotes", '- id: "5"'),
    Planted("a fraction", "active: 1", "active: 1.5", 16, "put it in quotes", 'active: "1"'),
    Planted(
        "a text for a list",
        "given: [classification, determination]\n    set: [close_code, close_notes]\n    rows",
        "given: classification\n    set: [close_code, close_notes]\n    rows",
        32,
        "[...]",
        "given: [classification, determination]\n    set: [close_code, close_notes]\n    rows",
    ),
    Planted(
        "one property in `changed`", "changed: [status]", "changed: status", 45, "[...]", "changed: [status]"
    ),
    Planted("an empty list of columns", "by: [user_name, email]", "by: []", 27, "at least 1", "by: [email]"),
    Planted(
        "another answer of a look-up",
        "email]}",
        "email], on_missing: ignore}",
        27,
        "leave, clear",
        "email], on_missing: leave}",
    ),
    # tables of values
    Planted("a missing row", "      redirected: 6\n", "", 15, "`otherwise`", "      redirected: 6\n"),
    Planted(
        "a missing `otherwise`",
        "{awaitingAction: 4}, otherwise: leave",
        "{awaitingAction: 4}",
        21,
        "`otherwise`",
        "{awaitingAction: 4}, otherwise: leave",
    ),
    _typo("a word of an enum", "{high: 1", "{hihg: 1", 22, "high"),
    Planted(
        "the same word twice",
        "      redirected: 6\n",
        "      Resolved: 6\n      redirected: 6\n",
        20,
        "keep one",
        "      redirected: 6\n",
    ),
    Planted("a value that is no choice", "active: 1", "active: 9", 16, "1, 2, 3, 6, 7, 8", "active: 2"),
    Planted("nothing where something must be", "active: 1", "active: clear", 16, "`leave`", "active: leave"),
    _typo("a word for no value", "otherwise: leave}", "otherwise: leav}", 21, "leave"),
    Planted(
        "a copy into choices",
        "{awaitingAction: 4}, otherwise: leave",
        "{awaitingAction: 4}, otherwise: copy",
        21,
        "give each word its value",
        "{awaitingAction: 4}, otherwise: leave",
    ),
    Planted(
        "a table over a list",
        "{from: severity, values",
        "{from: deviceGroups, values",
        22,
        "a decision",
        "{from: severity, values",
    ),
    Planted(
        "a table over texts",
        "{from: severity, values: {high: 1, medium: 2, low: 3, informational: 3, unknown: 3}}",
        "{from: displayName, values: {high: 1}}",
        22,
        "`otherwise`",
        "{from: displayName, values: {high: 1}, otherwise: 2}",
    ),
    Planted(
        "a table over nothing",
        "{from: severity, values",
        "{values",
        22,
        "name the property",
        "{from: severity, values",
    ),
    Planted(
        "two ways to a value",
        "due_date: {template",
        "due_date: {value: x, template",
        23,
        "keep one",
        "due_date: {template",
    ),
    Planted(
        "a template with `from`",
        "due_date: {template",
        "due_date: {from: createdDateTime, template",
        23,
        "remove it",
        "due_date: {template",
    ),
    # templates and expressions
    Planted(
        "a zone that is none", "vars.zone)", "'Europe/Zuerich')", 23, "Europe/Zurich", "'Europe/Zurich')"
    ),
    Planted(
        "a zone that is not known beforehand", "vars.zone)", "displayName)", 23, "use a var", "vars.zone)"
    ),
    Planted("a duration in words", "plus('4h')", "plus('4 hours')", 23, "'4h'", "plus('4h')"),
    Planted("a duration without a unit", "plus('4h')", "plus(4)", 23, "'4h'", "plus('4h')"),
    Planted("a filter without its argument", "plus('4h')", "plus", 23, "plus('4h')", "plus('4h')"),
    Planted("hours of another sort", "HH:mm", "hh:mm", 23, "HH", "HH:mm"),
    Planted("a block that is not closed", "{{ title }}", "{{ title", 12, "`}}`", "{{ title }}"),
    Planted("half a brace", "{{ title }}", "{{ title }", 12, "`}}`", "{{ title }}"),
    Planted(
        "a filter that is not there", "{{ title }}", "{{ title | }}", 12, "remove the `|`", "{{ title }}"
    ),
    Planted(
        "a statement", "{{ title }}", "{% if over %}x{% endif %}", 12, "`when`", '{{ title }}", when: "over'
    ),
    Planted("a call", "{{ title }}", "{{ devices.count() }}", 12, "a filter", "{{ devices | count }}"),
    Planted("an index", "{{ title }}", "{{ devices[0] }}", 12, "`first`", "{{ devices | first }}"),
    Planted("texts put together", "{{ title }}", "{{ title ~ id }}", 12, "two parts", "{{ title }}{{ id }}"),
    Planted("arithmetic", "{{ title }}", "{{ 1 + 1 }}", 12, "the result", "{{ 2 }}"),
    Planted(
        "a choice in a template",
        "{{ title }}",
        "{{ title if over else id }}",
        12,
        "`or`",
        "{{ title or id }}",
    ),
    Planted("an item of nothing", "{{ title }}", "{{ item }}", 12, "name a property", "{{ displayName }}"),
    Planted(
        "the previous revision as a whole", "{{ title }}", "{{ old }}", 12, "old.status", "{{ old.status }}"
    ),
    Planted("a var of nobody", "{{ title }}", "{{ vars.nothing }}", 12, "zone", "{{ vars.zone }}"),
    Planted(
        "one `=`",
        "exclude_when: severity ==",
        "exclude_when: severity =",
        9,
        "`==`",
        "exclude_when: severity ==",
    ),
    Planted(
        "`&&`",
        "create_when: status",
        "create_when: severity != 'low' && status",
        10,
        "`and`",
        "create_when: severity != 'low' and status",
    ),
    Planted(
        "`||`",
        "create_when: status",
        "create_when: severity != 'low' || status",
        10,
        "`or`",
        "create_when: severity != 'low' or status",
    ),
    _typo("a word in a comparison", "'informational', reason", "'informatonal', reason", 9, "informational"),
    Planted(
        "a word without quotes",
        "== 'informational'",
        "== informational",
        9,
        "'informational'",
        "== 'informational'",
    ),
    Planted(
        "a template for an expression",
        "create_when: status not in ['resolved', 'redirected']",
        "create_when: \"{{ status != 'resolved' }}\"",
        10,
        "without `{{`",
        "create_when: status != 'resolved'",
    ),
    Planted(
        "an order that is none",
        "create_when: status not in ['resolved', 'redirected']",
        "create_when: status >= 'active'",
        10,
        "`==`",
        "create_when: status == 'active'",
    ),
    Planted(
        "a list that equals a value",
        "create_when: status not in ['resolved', 'redirected']",
        "create_when: systemTags == 'x'",
        10,
        "`in`",
        "create_when: \"'x' in systemTags\"",
    ),
    Planted(
        "`is`",
        "create_when: status not in ['resolved', 'redirected']",
        "create_when: status is active",
        10,
        "`==`",
        "create_when: status == 'active'",
    ),
    # decisions
    _typo("a word in a cell", "- [truePositive,", "- [truePositve,", 35, "truePositive"),
    Planted(
        "a row with too few cells",
        "- [truePositive, any,",
        "- [truePositive,",
        35,
        "classification, determination, close_code, close_notes",
        "- [truePositive, any,",
    ),
    Planted(
        "a list's cell in a column of words",
        "- [truePositive,",
        "- [{has: truePositive},",
        35,
        "name a member",
        "- [truePositive,",
    ),
    Planted(
        "a row that comes too late",
        "      - [truePositive, any",
        "      - [falsePositive, any, x, y]\n      - [truePositive, any",
        37,
        "remove or move it",
        "      - [truePositive, any",
    ),
    Planted(
        "a cell that accepts nothing",
        "- [truePositive,",
        "- [[],",
        35,
        "correct the cell",
        "- [truePositive,",
    ),
    Planted(
        "no row for the rest",
        "      - [any, any, No resolution provided, Resolved]\n",
        "",
        34,
        "`otherwise`",
        "    otherwise: [No resolution provided, Resolved]\n",
    ),
    Planted(
        "too few values",
        "    when: over\n",
        "    when: over\n    else: [clear]\n",
        32,
        "close_code, close_notes",
        "    when: over\n    else: [clear, clear]\n",
    ),
    Planted(
        "`else` without `when`",
        "    when: over\n",
        "    else: [clear, clear]\n",
        30,
        "say when",
        "    when: over\n    else: [clear, clear]\n",
    ),
    # two writers, fields that are not ours, joint rules
    Planted("two rules for a field", "fields:\n", "fields:\n  close_code: x\n", 34, "keep one", "fields:\n"),
    Planted(
        "a field that the target computes",
        "fields:\n",
        "fields:\n  priority: 1\n",
        12,
        "impact and urgency",
        "fields:\n  urgency: 1\n",
    ),
    Planted(
        "a field that holds our key",
        "fields:\n",
        "fields:\n  correlation_id: x\n",
        12,
        "the key",
        "fields:\n",
    ),
    Planted("a closed ticket without notes", "Resolved]\n", "leave]\n", 13, "legal value", "Resolved]\n"),
    Planted(
        "a reason to hold what is not held",
        "values: {awaitingAction: 4}",
        "values: {inProgress: 4}",
        21,
        "legal value",
        "values: {awaitingAction: 4}",
    ),
    # scope, let, tags, notes, examples
    Planted(
        "two rules of one id",
        "scope:\n",
        "scope:\n  - {id: small, exclude_when: over}\n",
        10,
        "another name",
        "scope:\n  - {id: over, exclude_when: over}\n",
    ),
    Planted(
        "a name that is taken", "let:\n", "let:\n  status: id\n", 6, "choose another", "let:\n  state: id\n"
    ),
    _typo("a name under `let`", '  title: "[XDR', '  titel: "[XDR', 12, "titel"),
    Planted("tags for a target that has none", "  into: note\n", "", 38, "`into`", "  into: note\n"),
    Planted(
        "tags where no tags go", "into: note", "into: description", 39, "work_notes_list, note", "into: note"
    ),
    Planted(
        "two notes of one name", "{name: status,", "{name: comment,", 45, "another name", "{name: status,"
    ),
    Planted(
        "a note of two sorts",
        "changed: [status],",
        "each: comments, changed: [status],",
        45,
        "keep one",
        "changed: [status],",
    ),
    Planted(
        "an example that is wrong", "{state: 3, hold", "{state: 2, hold", 49, "the example", "{state: 3, hold"
    ),
    Planted(
        "tags in an example",
        "tags: [Awaiting Customer Action]}",
        "tags: [Awaiting]}",
        49,
        "the example",
        "tags: [Awaiting Customer Action]}",
    ),
    # YAML
    Planted(
        "a key twice",
        "      redirected: 6\n",
        "      redirected: 6\n      redirected: 6\n",
        21,
        "keep one of the two",
        "      redirected: 6\n",
    ),
    Planted("a tab", "      active: 1", "\tactive: 1", 16, "spaces", "      active: 1"),
    Planted(
        "a line further right", "      resolved: 6", "       resolved: 6", 19, "align", "      resolved: 6"
    ),
    Planted("a line further left", "      resolved: 6", "     resolved: 6", 19, "align", "      resolved: 6"),
    Planted("a key without its colon", "active: 1", "active 1", 16, "key: value", "active: 1"),
    Planted("an anchor", "active: 1", "active: &one 1", 16, "write the value out", "active: 1"),
    Planted("an alias", "active: 1", "active: *one", 16, "write the value out", "active: 1"),
    Planted("a tag of YAML", "active: 1", "active: !one 1", 16, "quote it", 'active: "1"'),
    Planted("a reserved character", "active: 1", "active: @1", 16, "quote the text", 'active: "1"'),
    Planted(
        "a brace that is not closed",
        "otherwise: leave}",
        "otherwise: leave",
        21,
        "close it",
        "otherwise: leave}",
    ),
    Planted(
        "a template without quotes",
        '"[XDR {{ id }}] {{ displayName }}"',
        "{{ displayName }}",
        7,
        "quote",
        '"{{ displayName }}"',
    ),
    Planted(
        "a quote that is not closed",
        '{{ displayName }}"',
        "{{ displayName }}",
        7,
        "close it",
        '{{ displayName }}"',
    ),
    Planted(
        "a quote that is closed too early",
        "description: A mapping in which mistakes are planted",
        'description: "A" mapping',
        4,
        "quote the whole text",
        "description: '\"A\" mapping'",
    ),
    Planted(
        "a colon in a text",
        "description: A mapping in which mistakes are planted",
        "description: A: mapping",
        4,
        "quote",
        'description: "A: mapping"',
    ),
    Planted("a second document", "let:\n", "---\nlet:\n", 5, "one document", "let:\n"),
    Planted("a character that no file has", "A mapping", "A\x00mapping", 4, "remove it", "Amapping"),
    Planted(
        "nesting without end",
        "description: A mapping in which mistakes are planted",
        "description: " + "[" * 80 + "]" * 80,
        4,
        "flatten",
        "description: x",
    ),
    Planted(
        "a number that JSON does not have",
        "active: 1",
        "active: 99999999999999999999",
        16,
        "quote it",
        'active: "1"',
    ),
)
