"""Identity, order and canonical form: decided once, so the values themselves are pinned here."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from connector.model import (
    MARKER,
    Catalogue,
    Delivery,
    FieldKind,
    FieldSpec,
    IncidentKey,
    Link,
    Lookup,
    NoteInHand,
    Record,
    Revision,
    as_json,
    canonical,
    from_json,
)

KEY = IncidentKey("3f0a5a7e-0000-4000-8000-000000000001", "4711")


def test_keys_and_chosen_ids_never_change() -> None:
    assert KEY.on_target() == "mdxdr:3f0a5a7e-0000-4000-8000-000000000001:4711"
    assert KEY.on_target(1) == "mdxdr:3f0a5a7e-0000-4000-8000-000000000001:4711:1"
    chosen = KEY.chosen_id(target="servicenow", table="incident", purpose="record")
    assert str(chosen) == "5909ed7a-d881-5e8b-913b-03218111daa4"


def test_chosen_ids_differ_in_every_part() -> None:
    parts: dict[str, Any] = {"target": "t", "table": "x", "purpose": "p"}
    ids = {KEY.chosen_id(**{**parts, name: "other"}) for name in parts}
    ids |= {KEY.chosen_id(**parts), KEY.chosen_id(**parts, generation=1)}
    ids.add(IncidentKey(KEY.tenant, "4712").chosen_id(**parts))
    assert len(ids) == 6


@pytest.mark.parametrize(
    ("raw", "ticks"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2024-03-26T13:35:45.23Z", 17114601452300000),
        ("2024-03-26T13:35:45.2333333Z", 17114601452333333),
        ("2024-03-26T13:35:45.23333339Z", 17114601452333333),
        ("2024-03-26T14:35:45.23+01:00", 17114601452300000),
        ("2024-03-26T13:35:45.23", 17114601452300000),
    ],
)
def test_revisions_are_read_to_the_tick(raw: str, ticks: int) -> None:
    assert Revision.parse(raw).ticks == ticks


def test_revisions_are_ordered_by_ticks_where_texts_would_mislead() -> None:
    earlier, later = "2024-01-01T00:00:44.23Z", "2024-01-01T00:00:44.2333333Z"
    assert later < earlier
    assert Revision.parse(later).ticks > Revision.parse(earlier).ticks


@pytest.mark.parametrize(
    "raw", ["", "yesterday", "2024-13-01T00:00:00Z", "2024-01-01", "0001-01-01T00:00:00.Z"]
)
def test_other_texts_are_no_revision(raw: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Revision.parse(raw)


@given(st.integers(0, 4_000_000_000 * 10_000_000))
def test_a_revision_is_written_as_it_is_read(ticks: int) -> None:
    written = Revision.at(ticks)
    assert Revision.parse(written.raw) == written


def test_arithmetic_of_revisions() -> None:
    moment = datetime(2024, 3, 26, 13, 35, 45, 230000, tzinfo=UTC)
    revision = Revision.of(moment)
    assert revision.raw == "2024-03-26T13:35:45.23Z"
    assert revision.moment() == moment
    assert revision.earlier(timedelta(minutes=2)).raw == "2024-03-26T13:33:45.23Z"


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(_json)
def test_canonical_json_is_rfc_8785(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]  # any JSON value


@pytest.mark.parametrize(
    "value", ["text", 3, True, None, Lookup("sys_user", ("email",), "a@b.example", "clear")]
)
def test_field_values_survive_storage(value: object) -> None:
    assert from_json(as_json(value)) == value  # type: ignore[arg-type]  # the table holds field values


def test_a_fingerprint_depends_on_content_alone() -> None:
    one = Record({"a": "1", "b": None}, ("x", "y"))
    assert one.fingerprint == Record({"b": None, "a": "1"}, ("y", "x")).fingerprint
    assert one.fingerprint != Record({"a": "1"}, ("x", "y")).fingerprint
    assert one.fingerprint != Record({"a": "1", "b": Lookup("t", ("n",), "v")}, ("x", "y")).fingerprint


def test_the_marker_is_found_in_text_that_came_back() -> None:
    assert MARKER.search("Kai: hello [mdxdr:0123456789ab]")
    assert not MARKER.search("mdxdr:tenant:4711")


def test_a_catalogue_knows_its_fields() -> None:
    catalogue = Catalogue(
        "t", {"state": FieldSpec("state", FieldKind.CHOICE)}, together=(frozenset({"state", "code"}),)
    )
    assert (catalogue.knows("state"), catalogue.knows("u_own")) == (True, False)
    assert catalogue.group("code") == {"state", "code"}
    assert catalogue.group("other") == {"other"}
    assert (catalogue.personal("state"), catalogue.personal("other")) == (False, True)
    assert catalogue.joint({}) == []


def test_a_delivery_can_be_parted() -> None:
    notes = (NoteInHand("n1", "text"),)
    whole = Delivery("r", KEY, Record({"a": "2"}, ("T",)), Link("id", applied={"a": "1"}, tags=("S",)), notes)
    assert whole.without_notes().notes == ()
    assert whole.only_notes().record == Record({"a": "1"}, ("S",))
    assert whole.only_notes().notes == notes
    assert Delivery("r", KEY, Record({"a": "2"})).only_notes().record == Record()
    assert whole.target_key == KEY.on_target()
    assert str(KEY).endswith("/4711")
