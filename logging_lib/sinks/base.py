"""What a sink is, and what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    """A record that has been rendered: its level and one line of JSON without a line end.

    A line is immutable and safe to hand to another thread: it was redacted, shortened and made
    plain in the thread that logged.
    """

    level: int
    line: str


class Sink(Protocol):
    """Where records go. Only one thread at a time calls it.

    A sink need not guard itself: what it raises is counted, and it is left alone for a while. It
    should give up by itself on whatever may wait for ever, by a time-out.
    """

    @property
    def batch_size(self) -> int:
        """The most entries to hand over at once; a batch is taken or lost as a whole."""

    def write(self, entries: Sequence[Entry]) -> None:
        """Hand the entries to the operating system or the peer, in order; raise if that fails."""

    def close(self) -> None:
        """Let go of files and connections. Nothing is written afterwards."""
