"""The sink protocol and the entries that sinks receive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    """A rendered record: its level and one line of JSON without a line break.

    Safe to pass to another thread, because the record was redacted, shortened and converted to
    plain data in the thread that logged.
    """

    level: int
    line: str


class Sink(Protocol):
    """A destination for records. Only one thread at a time calls it.

    A sink may raise: the failure is counted and the sink is paused. It should use time-outs for
    everything that could block forever.
    """

    @property
    def batch_size(self) -> int:
        """Maximum number of entries per write; a batch is written or lost as a whole."""

    def write(self, entries: Sequence[Entry]) -> None:
        """Write the entries to the operating system or the peer, in order; raise on failure."""

    def close(self) -> None:
        """Close files and connections. Nothing is written afterwards."""
