"""Pagination cursors: opaque strings that mark where the next page begins.

A cursor contains the id of the last snapshot shown and a checksum over the id and the query, so a
cursor that was truncated, changed or used with another query is rejected. It is not a secret and
grants no access: the store only returns snapshots of the token's tenant.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json

_ANCHOR_BYTES = 16
_CHECKSUM_BYTES = 8


class InvalidCursorError(Exception):
    """The cursor was not issued for this query."""


def make_cursor(anchor: str, query: tuple[str | None, ...]) -> str:
    """Return the cursor for the page that follows a snapshot.

    Args:
        anchor: The public id of the last snapshot shown: 32 hexadecimal digits.
        query: Everything that determines which snapshots are listed.
    """
    raw = bytes.fromhex(anchor)
    return base64.urlsafe_b64encode(raw + _checksum(raw, query)).decode()


def read_cursor(cursor: str, query: tuple[str | None, ...]) -> str:
    """Return the snapshot id in a cursor.

    Raises:
        InvalidCursorError: The cursor was not issued for that query.
    """
    try:
        raw = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise InvalidCursorError from error
    anchor, checksum = raw[:_ANCHOR_BYTES], raw[_ANCHOR_BYTES:]
    if checksum != _checksum(anchor, query):
        raise InvalidCursorError
    return anchor.hex()


def _checksum(anchor: bytes, query: tuple[str | None, ...]) -> bytes:
    return hashlib.sha256(anchor + json.dumps(query).encode()).digest()[:_CHECKSUM_BYTES]
