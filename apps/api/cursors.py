"""Cursors: opaque marks of where the next page begins.

A cursor names the last snapshot shown and carries a checksum over it and over the question that
was asked, so one that was cut, altered or taken to another question is refused. It is no secret
and grants nothing: whatever it names, the store answers within the tenant of the token.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json

_ANCHOR_BYTES = 16
_CHECKSUM_BYTES = 8


class InvalidCursorError(Exception):
    """A cursor that this API did not give out for this question."""


def make_cursor(anchor: str, question: tuple[str | None, ...]) -> str:
    """Return the cursor for what follows a snapshot.

    Args:
        anchor: The public id of the last snapshot shown: 32 hexadecimal digits.
        question: All that decides which snapshots are listed.
    """
    raw = bytes.fromhex(anchor)
    return base64.urlsafe_b64encode(raw + _checksum(raw, question)).decode()


def read_cursor(cursor: str, question: tuple[str | None, ...]) -> str:
    """Return the anchor of a cursor.

    Raises:
        InvalidCursorError: It was not given out for that question.
    """
    try:
        raw = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise InvalidCursorError from error
    anchor, checksum = raw[:_ANCHOR_BYTES], raw[_ANCHOR_BYTES:]
    if checksum != _checksum(anchor, question):
        raise InvalidCursorError
    return anchor.hex()


def _checksum(anchor: bytes, question: tuple[str | None, ...]) -> bytes:
    return hashlib.sha256(anchor + json.dumps(question).encode()).digest()[:_CHECKSUM_BYTES]
