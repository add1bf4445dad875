"""The entries of a trace, read with nothing but the standard library."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Entry(NamedTuple):
    """One entry of a trace: its kind, its subject, and the state of the subject."""

    kind: str
    what: str
    state: str


def read_trace(file: Path) -> list[Entry]:
    """Read all entries of a trace, in order; each is three fields that end in NUL."""
    *fields, end = file.read_bytes().decode("utf-8", "surrogateescape").split("\0")
    assert end == ""
    assert len(fields) % 3 == 0
    return [Entry(*fields[start : start + 3]) for start in range(0, len(fields), 3)]
