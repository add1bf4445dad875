"""msgspec's analysis of the structures that requests are read into."""

from __future__ import annotations

from typing import TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


def analysed_at_import(structure: type[S]) -> type[S]:
    """Have msgspec analyse the fields of a structure now, while one thread runs.

    Otherwise it does so when the structure is first read, and two requests that both come first
    crash the process (msgspec 0.22, with or without the GIL: a thread can see the other's
    unfinished analysis).
    """
    msgspec.json.Decoder(structure)
    return structure
