"""Column types: moments as integer microseconds, JSON as canonical text, snapshots compressed.

Integers and text rather than an engine's own date and JSON types, so that both engines store, order and
compare the same values the same way.
"""

import json
import zlib
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from connector.model import JSON, canonical

# `json.loads` looks for blanks before and after with a pattern each; canonical text has none.
_decode = json.JSONDecoder().raw_decode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EMPTY = "{}"  # most objects of a row are
_SMALL = 4096  # bytes
_FASTEST = 1  # every incident is compressed on its way: a little larger, several times faster than the best


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970-01-01T00:00:00Z."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002, D102  # TypeDecorator's own
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102  # TypeDecorator's own
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[JSON]):
    """A JSON value as canonical text; None is JSON's null, not SQL's."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: JSON, dialect: Dialect) -> str:  # noqa: ARG002, D102  # TypeDecorator's own
        return _EMPTY if value == {} else canonical(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> JSON:  # noqa: ARG002, D102  # TypeDecorator's own
        if value == _EMPTY:
            return {}
        return None if value is None else _decode(value)[0]


class Packed(TypeDecorator[JSON]):
    """A JSON value as canonical bytes, compressed where that is worth the time: a zlib stream never begins with `{`."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: JSON, dialect: Dialect) -> bytes:  # noqa: ARG002, D102  # TypeDecorator's own
        text = canonical(value)
        return text if len(text) < _SMALL else zlib.compress(text, _FASTEST)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> JSON:  # noqa: ARG002, D102  # TypeDecorator's own
        if value is None:
            return None
        return _decode((value if value[:1] == b"{" else zlib.decompress(value)).decode())[0]
