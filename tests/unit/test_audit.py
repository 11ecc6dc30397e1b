import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.audit import (
    GENESIS,
    AuditEntry,
    AuditKind,
    Head,
    Outcome,
    SealedRow,
    check_private,
    private_digest,
    seal,
    verify,
)

NOW = datetime(2026, 3, 4, 9, 10, 5, 123456, tzinfo=UTC)
SALT = b"sixteen byte sal"


def entry(**fields: Any) -> AuditEntry:
    return AuditEntry(**{"kind": AuditKind.DECIDED, "at": NOW, "incident": "7", **fields})


def chain(entries: Sequence[AuditEntry]) -> list[SealedRow]:
    rows: list[SealedRow] = []
    previous = GENESIS
    for seq, each in enumerate(entries, start=1):
        rows.append(seal(each, seq, previous, SALT))
        previous = rows[-1].hash
    return rows


def head_of(rows: Sequence[SealedRow]) -> Head:
    return Head(rows[-1].seq, rows[-1].hash) if rows else Head()


def four_rows() -> list[SealedRow]:
    return chain([entry(incident=str(n), private={"owner": f"person {n}"}) for n in range(4)])


def resealed(row: SealedRow, **changes: Any) -> SealedRow:
    """A row whose bytes were changed by somebody who also put the right hash beside them."""
    body = json.dumps({**row.said(), **changes}).encode()
    return replace(row, **changes, body=body, hash=hashlib.sha256(body).hexdigest())


class TestSeal:
    def test_the_bytes_of_the_first_format_never_change(self) -> None:
        full = AuditEntry(
            kind=AuditKind.DELIVERED,
            at=NOW,
            outcome=Outcome.CREATED,
            source="tenant-a",
            route="soc",
            target="snow",
            tenant="t",
            incident="7",
            revision="2026-03-04T09:10:05Z",
            content="c",
            mapping="m",
            data={"sent": "2026-03-04T09:10:05.000000Z", "took_ms": 12, "notes": ["a", 1]},
            private={"title": "ä"},
        )
        assert seal(full, 2, "f" * 64, SALT).body.decode() == (
            '{"at":"2026-03-04T09:10:05.123456Z","content":"c",'
            '"data":{"notes":["a",1],"sent":"2026-03-04T09:10:05.000000Z","took_ms":12},"incident":"7","kind":"delivered",'
            f'"mapping":"m","outcome":"created","previous":"{"f" * 64}",'
            '"private":{"title":"27d103498570b3dd966fd9ca3582992de6ee36e2859dc88e199956afcb856502"},'
            '"revision":"2026-03-04T09:10:05Z","route":"soc","seq":2,"source":"tenant-a","target":"snow",'
            '"tenant":"t","v":1}'
        )

    def test_what_does_not_apply_is_left_out(self) -> None:
        body = seal(AuditEntry(AuditKind.STARTED, NOW), 1, GENESIS, SALT).said()
        assert body.keys() == {"at", "kind", "previous", "seq", "v"}

    def test_private_values_are_not_in_the_bytes(self) -> None:
        row = seal(entry(private={"owner": "ada@example.com"}), 1, GENESIS, SALT)
        assert b"ada" not in row.body
        assert row.private == {"owner": "ada@example.com"}
        assert row.said()["private"] == {"owner": private_digest(SALT, "owner", "ada@example.com")}

    def test_equal_private_values_have_unlike_digests_under_other_salts_and_names(self) -> None:
        digests = {
            private_digest(salt, name, "v") for salt in (SALT, b"another") for name in ("owner", "title")
        }
        assert len(digests) == 4

    def test_a_time_is_written_in_utc(self) -> None:
        berlin = NOW.astimezone(timezone(timedelta(hours=1)))
        assert seal(entry(at=berlin), 1, GENESIS, SALT).body == seal(entry(), 1, GENESIS, SALT).body

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"data": {"took": 0.5}}, TypeError),
            ({"data": {"a": [{"b": (1.0,)}]}}, TypeError),
            ({"private": {"score": 1.5}}, TypeError),
            ({"at": NOW.replace(tzinfo=None)}, ValueError),
        ],
    )
    def test_what_has_no_agreed_form_is_refused(self, fields: dict[str, Any], error: type[Exception]) -> None:
        with pytest.raises(error):
            seal(entry(**fields), 1, GENESIS, SALT)


class TestVerify:
    def test_an_empty_chain_is_sound(self) -> None:
        assert verify([], Head()).ok

    def test_a_chain_is_sound_as_it_was_written(self) -> None:
        rows = four_rows()
        found = verify(iter(rows), head_of(rows))
        assert (found.ok, found.checked, found.erased, found.breaks) == (True, 4, 0, ())

    def test_erased_values_are_counted_and_are_no_fault(self) -> None:
        rows = four_rows()
        rows[1] = replace(rows[1], private={}, salt=b"")
        found = verify(rows, head_of(rows))
        assert (found.ok, found.erased) == (True, 1)

    def test_a_part_can_be_checked_from_a_row_known_to_be_good(self) -> None:
        rows = four_rows()
        assert verify(rows[2:], head_of(rows), after=head_of(rows[:2])).ok
        assert not verify(rows[2:], head_of(rows)).ok

    @pytest.mark.parametrize(
        ("damage", "seq", "what"),
        [
            (lambda rows: [rows[0], replace(rows[1], body=b"{}"), *rows[2:]], 2, "the bytes do not have"),
            (lambda rows: [rows[0], replace(rows[1], body=b"[]"), *rows[2:]], 2, "not a JSON object"),
            (lambda rows: [rows[0], replace(rows[1], body=b'{"private":3}'), *rows[2:]], 2, "'owner' is not"),
            (lambda rows: [rows[0], replace(rows[1], body=b"\xff"), *rows[2:]], 2, "not a JSON object"),
            (lambda rows: [rows[0], replace(rows[1], hash="0" * 64), *rows[2:]], 3, "does not follow"),
            (lambda rows: [rows[0], resealed(rows[1], incident="8"), *rows[2:]], 3, "does not follow"),
            (lambda rows: [*rows[:3], resealed(rows[3], incident="8")], 4, "ends at row 4"),
            (lambda rows: [rows[0], *rows[2:]], 3, "row 2 should stand here"),
            (lambda rows: rows[1:], 2, "row 1 should stand here"),
            (lambda rows: [rows[0], rows[2], rows[1], rows[3]], 3, "row 2 should stand here"),
            (lambda rows: [rows[0], rows[0], *rows[1:]], 1, "row 2 should stand here"),
            (lambda rows: rows[:3], 4, "ends at row 3"),
            (lambda rows: [], 4, "ends at row 0"),
            (lambda rows: [*rows, seal(entry(), 5, rows[3].hash, SALT)], 4, "ends at row 5"),
            (lambda rows: [replace(rows[0], route="other"), *rows[1:]], 1, "the column route"),
            (lambda rows: [replace(rows[0], at=NOW + timedelta(seconds=1)), *rows[1:]], 1, "the column at"),
            (lambda rows: [replace(rows[0], kind="poll"), *rows[1:]], 1, "the column kind"),
            (lambda rows: [replace(rows[0], outcome="held"), *rows[1:]], 1, "the column outcome"),
            (lambda rows: [replace(rows[0], private={"owner": "else"}), *rows[1:]], 1, "'owner' is not"),
            (lambda rows: [replace(rows[0], private={"more": 1}), *rows[1:]], 1, "'more' is not"),
        ],
    )
    def test_damage_is_found_and_named(
        self, damage: Callable[[list[SealedRow]], list[SealedRow]], seq: int, what: str
    ) -> None:
        rows = four_rows()
        found = verify(damage(rows), head_of(rows))
        assert not found.ok
        assert any(each.seq == seq and what in each.what for each in found.breaks), found.breaks

    def test_a_chain_wrong_everywhere_is_described_by_its_first_breaks(self) -> None:
        rows = [replace(row, kind="poll") for row in chain([entry()] * 1200)]
        found = verify(rows, head_of(rows))
        assert found.checked == 1200
        assert [each.seq for each in found.breaks] == list(range(1, 1001))

    @given(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), min_size=1, max_size=6), st.data())
    def test_no_single_byte_can_change(self, owners: list[str], data: st.DataObject) -> None:
        rows = chain([entry(private={"owner": owner}, data={"note": owner}) for owner in owners])
        assert verify(rows, head_of(rows)).ok
        at = data.draw(st.integers(0, len(rows) - 1))
        place = data.draw(st.integers(0, len(rows[at].body) - 1))
        other = data.draw(st.integers(1, 255))
        body = bytearray(rows[at].body)
        body[place] ^= other
        altered = [*rows[:at], replace(rows[at], body=bytes(body)), *rows[at + 1 :]]
        assert not verify(altered, head_of(rows)).ok

    @given(st.permutations(range(5)), st.sets(st.integers(0, 4)))
    def test_only_the_whole_chain_in_its_order_is_sound(self, order: list[int], left_out: set[int]) -> None:
        rows = chain([entry(incident=str(n)) for n in range(5)])
        shown = [rows[n] for n in order if n not in left_out]
        assert verify(shown, head_of(rows)).ok is (shown == rows)


def test_private_values_are_checked_by_name() -> None:
    row = seal(entry(private={"owner": "ada", "title": "x"}), 1, GENESIS, SALT)
    assert check_private(row) == []
    assert check_private(replace(row, private={"owner": "bob", "title": "x"})) == ["owner"]
