"""What the pages promise: links lead somewhere, the audit's words are the program's, quoted messages exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.audit import AuditKind, Outcome
from tests.docs.pages import PAGES, ROOT, name_of, quoted, rows, section, text_of

AUDIT = section(text_of("docs/audit.md"), "Rows")
OPERATIONS = text_of("docs/operations.md")
MESSAGES = [message for cells in rows(section(OPERATIONS, "Trouble")) for message in quoted(cells[0])]
WORDS = [cells[0] for cells in rows(section(OPERATIONS, "What `status` says"))]


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        if path.startswith("https://"):
            continue  # tests do not ask the network
        to = (page.parent / path).resolve() if path else page
        assert to.exists(), link
        assert to.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(to), link


def test_every_page_of_docs_can_be_found_from_the_readme() -> None:
    linked = {(ROOT / link).resolve() for link in links(ROOT / "README.md")}
    assert {page for page in PAGES if page.parent.name == "docs"} <= linked


def test_audit_page_names_every_kind_of_row_and_no_other() -> None:
    kinds = [kind for cells in rows(AUDIT) for kind in quoted(cells[0])]
    assert sorted(kinds) == sorted(AuditKind)


def test_audit_page_names_every_outcome_and_no_other() -> None:
    (paragraph,) = (part for part in AUDIT.split("\n\n") if part.startswith("For every"))
    assert sorted(quoted(paragraph)) == sorted(Outcome)


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text in a program, with … for what is put into it when it runs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)


@pytest.fixture(scope="module")
def said() -> list[str]:
    """Every text of the program that a message can be made of; `{name}` is filled in when it runs."""
    files = (ROOT / "connector").rglob("*.py")
    found = (text for file in files for text in texts(ast.parse(file.read_text(encoding="utf-8"))))
    return [re.sub(r"\{\w+\}", "…", text) for text in found]


@pytest.mark.parametrize("message", MESSAGES)
def test_message_in_operations_is_one_the_program_says(message: str, said: list[str]) -> None:
    assert any(message in text for text in said)


@pytest.mark.parametrize("word", WORDS)
def test_word_in_operations_is_one_that_status_shows(word: str) -> None:
    files = (ROOT / "connector" / "cli").glob("status*.py")
    assert any(word in file.read_text(encoding="utf-8") for file in files)
