"""The replay cache: remembers the ``jti`` of each client assertion until it has expired."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from enum import Enum
from typing import Final


class Verdict(Enum):
    """What the cache says about an identifier."""

    FRESH = "fresh"
    REPLAYED = "replayed"
    FULL = "full"


class _Seen:
    """One client's live identifiers, and the order in which they expire."""

    __slots__ = ("by_expiry", "live")

    def __init__(self) -> None:
        self.live: set[str] = set()
        self.by_expiry: list[tuple[float, str]] = []

    def drop_expired(self, now: float) -> None:
        while self.by_expiry and self.by_expiry[0][0] <= now:
            _expires, identifier = heapq.heappop(self.by_expiry)
            self.live.remove(identifier)


class ReplayCache:
    """A bounded, expiring, thread-safe memory of identifiers, apart for each client.

    It forgets an identifier only once that has expired. A client whose share is full of live
    identifiers is refused: forgetting one would let it be replayed. Shares are separate so that
    no client can lock out another.

    The memory is this process's own and starts empty: ``since`` (seconds
    since the epoch) tells from when on it is complete.
    """

    def __init__(self, capacity: int, clock: Callable[[], float]) -> None:
        """Make an empty cache.

        Args:
            capacity: Live identifiers per client, at least 1.
            clock: Seconds since the epoch; identifiers expire by it.
        """
        if capacity < 1:
            raise ValueError("a replay cache needs a capacity of at least 1")
        self._capacity = capacity
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, _Seen] = {}
        self.since: Final = clock()

    def remember(self, client_id: str, identifier: str, expires: float) -> Verdict:
        """Note an identifier, and say whether this is its first use.

        Of any number of concurrent calls with one identifier exactly one is told ``FRESH``.

        Args:
            client_id: The authenticated client that the identifier belongs to.
            identifier: The assertion's ``jti`` (RFC 7523 §3).
            expires: Seconds since the epoch from which the assertion is refused anyway.
        """
        with self._lock:
            now = self._clock()
            seen = self._seen.setdefault(client_id, _Seen())
            seen.drop_expired(now)
            if identifier in seen.live:
                return Verdict.REPLAYED
            if len(seen.live) >= self._capacity:
                return Verdict.FULL
            seen.live.add(identifier)
            heapq.heappush(seen.by_expiry, (expires, identifier))
            return Verdict.FRESH

    def __len__(self) -> int:
        """Count the live identifiers of all clients."""
        with self._lock:
            now = self._clock()
            for seen in self._seen.values():
                seen.drop_expired(now)
            return sum(len(seen.live) for seen in self._seen.values())
