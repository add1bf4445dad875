"""Recordings of who ran which line, as an agent writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from covernance.who import recording
from covernance.who.recording import RanFile, Recording


def write_recording(
    folder: Path, path: str, ran: Mapping[str, str], spans: Sequence[tuple[int, int]] = ()
) -> None:
    """Write that each context of `ran` executed lines of a file."""
    lines = dict(enumerate(ran.values()))
    content = Recording(1, [*ran], {path: RanFile([*spans], lines)})
    folder.joinpath(recording.TESTS).write_bytes(msgspec.json.encode(content))
