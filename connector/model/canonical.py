"""Canonical JSON (RFC 8785) and the digest over it, on which fingerprints, content hashes and the audit chain stand.

The standard library's encoder with sorted keys produces exactly the bytes of RFC 8785 for the values we have
(no floating point numbers, integers within ±2^53, keys within the Basic Multilingual Plane), several times faster
than a general implementation; a property test holds it to the `rfc8785` package. Anything else is refused rather
than written down in a form that another implementation would hash differently.
"""

import hashlib
import json
from typing import Any

_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
).encode


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of a JSON value without floating point numbers.

    Raises UnicodeEncodeError for a lone surrogate: clean text at the border, before it gets here.
    """
    return _encode(value).encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()
