"""Memory sink: stores the latest records, for tests and diagnostic pages."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from typing import Any

from logging_lib.sinks.base import Entry


class MemorySink:
    """Stores the last `capacity` entries; older ones are dropped silently."""

    batch_size = 1

    def __init__(self, capacity: int = 1000) -> None:
        """Start empty."""
        self._entries: deque[Entry] = deque(maxlen=capacity)

    def write(self, entries: Sequence[Entry]) -> None:
        """Store the entries."""
        self._entries.extend(entries)

    def close(self) -> None:
        """Do nothing, so that the entries can be read after a shutdown."""

    @property
    def lines(self) -> list[str]:
        """The rendered lines, oldest first."""
        return [entry.line for entry in list(self._entries)]

    @property
    def records(self) -> list[dict[str, Any]]:
        """The decoded records, oldest first."""
        return [json.loads(line) for line in self.lines]

    def clear(self) -> None:
        """Remove all entries."""
        self._entries.clear()
