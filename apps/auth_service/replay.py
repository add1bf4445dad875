"""Replay cache: stores the ``jti`` of each client assertion until it expires."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from enum import Enum
from typing import Final


class Verdict(Enum):
    """The result of recording an identifier."""

    FRESH = "fresh"
    REPLAYED = "replayed"
    FULL = "full"


class _ClientShare:
    """One client's live identifiers, also ordered by expiry."""

    __slots__ = ("by_expiry", "live")

    def __init__(self) -> None:
        self.live: set[str] = set()
        self.by_expiry: list[tuple[float, str]] = []

    def drop_expired(self, now: float) -> None:
        while self.by_expiry and self.by_expiry[0][0] <= now:
            _expires, identifier = heapq.heappop(self.by_expiry)
            self.live.remove(identifier)


class ReplayCache:
    """A bounded, thread-safe set of expiring identifiers for each client.

    An identifier is removed only after it has expired. If a client's share is full of live
    identifiers, new ones are rejected: dropping one would allow a replay. Shares are separate, so
    that no client can lock out another.

    The cache is local to the process and starts empty. ``since`` is when it was created, in
    seconds since the epoch: nothing older is in it.
    """

    def __init__(self, capacity: int, clock: Callable[[], float]) -> None:
        """Create an empty cache.

        Args:
            capacity: Maximum number of live identifiers per client, at least 1.
            clock: Seconds since the epoch.
        """
        if capacity < 1:
            raise ValueError("a replay cache needs a capacity of at least 1")
        self._capacity = capacity
        self._clock = clock
        self._lock = threading.Lock()
        self._shares: dict[str, _ClientShare] = {}
        self.since: Final = clock()

    def remember(self, client_id: str, identifier: str, expires: float) -> Verdict:
        """Record an identifier and return whether this is its first use.

        Of several concurrent calls with the same identifier, exactly one returns ``FRESH``.

        Args:
            client_id: The authenticated client that sent the identifier.
            identifier: The assertion's ``jti`` (RFC 7523 §3).
            expires: When the assertion is no longer valid, in seconds since the epoch.
        """
        with self._lock:
            now = self._clock()
            share = self._shares.setdefault(client_id, _ClientShare())
            share.drop_expired(now)
            if identifier in share.live:
                return Verdict.REPLAYED
            if len(share.live) >= self._capacity:
                return Verdict.FULL
            share.live.add(identifier)
            heapq.heappush(share.by_expiry, (expires, identifier))
            return Verdict.FRESH

    def __len__(self) -> int:
        """Return the number of live identifiers of all clients."""
        with self._lock:
            now = self._clock()
            for share in self._shares.values():
                share.drop_expired(now)
            return sum(len(share.live) for share in self._shares.values())
