"""Rate limits: moving windows, and the header fields that tell a client where it stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil
from typing import Protocol
from urllib.parse import quote

import limits
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from msgspec import Struct


class Policy(Struct, frozen=True):
    """A named quota: ``quota`` requests in any ``window`` seconds."""

    name: str
    quota: int
    window: int

    @classmethod
    def parse(cls, name: str, rate: str) -> Policy:
        """Read a rate such as "60/minute".

        Raises:
            ValueError: It is not a rate.
        """
        item = limits.parse(rate)
        return cls(name, item.amount, item.get_expiry())


class Standing(Struct, frozen=True):
    """Where a client stands after a request: ``reset`` is seconds until quota comes back."""

    policy: Policy
    allowed: bool
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers, and on refusal ``Retry-After``."""
        name = self.policy.name
        fields = {
            "RateLimit-Policy": f'"{name}";q={self.policy.quota};w={self.policy.window}',
            "RateLimit": f'"{name}";r={self.remaining};t={self.reset}',
        }
        if not self.allowed:
            fields["Retry-After"] = str(self.reset)
        return fields


class RateLimiter(Protocol):
    """Anything that counts requests against a policy."""

    def hit(self, policy: Policy, *identity: str) -> Standing:
        """Count a request and tell whether it is allowed; a refused one does not count."""

    def peek(self, policy: Policy, *identity: str) -> Standing:
        """Tell whether another request would be allowed, without counting one."""


class MovingWindowLimiter:
    """Counts in this process's memory: exact, gone with a restart, not shared with others."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        """Begin with nothing counted.

        Args:
            clock: Seconds since the epoch, as the library's storage reads them.
        """
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._clock = clock

    def hit(self, policy: Policy, *identity: str) -> Standing:
        """Count a request and tell whether it is allowed; a refused one does not count."""
        allowed = self._limiter.hit(_item(policy), _key(policy, identity))
        return self._standing(policy, identity, allowed=allowed)

    def peek(self, policy: Policy, *identity: str) -> Standing:
        """Tell whether another request would be allowed, without counting one."""
        allowed = self._limiter.test(_item(policy), _key(policy, identity))
        return self._standing(policy, identity, allowed=allowed)

    def _standing(self, policy: Policy, identity: tuple[str, ...], *, allowed: bool) -> Standing:
        stats = self._limiter.get_window_stats(_item(policy), _key(policy, identity))
        reset = max(1, ceil(stats.reset_time - self._clock()))
        return Standing(policy, allowed, max(0, stats.remaining), reset)


def _item(policy: Policy) -> limits.RateLimitItem:
    return limits.RateLimitItemPerSecond(policy.quota, policy.window)


def _key(policy: Policy, identity: tuple[str, ...]) -> str:
    # the library joins parts by a slash, so one that holds a slash could pass for two
    return "/".join(quote(part, safe="") for part in (policy.name, *identity))
