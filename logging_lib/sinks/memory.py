"""The last records, in memory: for tests, and for a page that shows them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from typing import Any

from logging_lib.sinks.base import Entry


class MemorySink:
    """Keeps the last `capacity` entries; older ones make room silently."""

    batch_size = 1

    def __init__(self, capacity: int = 1000) -> None:
        """Start empty."""
        self._entries: deque[Entry] = deque(maxlen=capacity)

    def write(self, entries: Sequence[Entry]) -> None:
        """Keep the entries."""
        self._entries.extend(entries)

    def close(self) -> None:
        """Keep what is there: it may be read after a shutdown."""

    @property
    def lines(self) -> list[str]:
        """The lines as they were rendered, oldest first."""
        return [entry.line for entry in list(self._entries)]

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records, decoded, oldest first."""
        return [json.loads(line) for line in self.lines]

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()
