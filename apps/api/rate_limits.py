"""Rate limits with moving windows, and the response headers that report them."""

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
    """A named rate limit: ``quota`` requests in any ``window`` seconds."""

    name: str
    quota: int
    window: int

    @classmethod
    def parse(cls, name: str, rate: str) -> Policy:
        """Parse a rate such as "60/minute".

        Raises:
            ValueError: It is not a valid rate.
        """
        item = limits.parse(rate)
        return cls(name, item.amount, item.get_expiry())


class Standing(Struct, frozen=True):
    """A client's use of a policy; ``reset`` is the number of seconds until it can send more."""

    policy: Policy
    allowed: bool
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """Return the headers of draft-ietf-httpapi-ratelimit-headers; if rejected, Retry-After."""
        name = self.policy.name
        fields = {
            "RateLimit-Policy": f'"{name}";q={self.policy.quota};w={self.policy.window}',
            "RateLimit": f'"{name}";r={self.remaining};t={self.reset}',
        }
        if not self.allowed:
            fields["Retry-After"] = str(self.reset)
        return fields


class RateLimiter(Protocol):
    """Counts requests against policies."""

    def hit(self, policy: Policy, *identity: str) -> Standing:
        """Count a request and return whether it is allowed; rejected requests do not count."""

    def peek(self, policy: Policy, *identity: str) -> Standing:
        """Return whether another request would be allowed, without counting one."""


class MovingWindowLimiter:
    """Counts in memory: exact, lost on restart, not shared between processes."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        """Start with no requests counted.

        Args:
            clock: Seconds since the epoch, as used by the library's storage.
        """
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._clock = clock

    def hit(self, policy: Policy, *identity: str) -> Standing:
        """Count a request and return whether it is allowed; rejected requests do not count."""
        allowed = self._limiter.hit(_item(policy), _key(policy, identity))
        return self._standing(policy, identity, allowed=allowed)

    def peek(self, policy: Policy, *identity: str) -> Standing:
        """Return whether another request would be allowed, without counting one."""
        allowed = self._limiter.test(_item(policy), _key(policy, identity))
        return self._standing(policy, identity, allowed=allowed)

    def _standing(self, policy: Policy, identity: tuple[str, ...], *, allowed: bool) -> Standing:
        stats = self._limiter.get_window_stats(_item(policy), _key(policy, identity))
        reset = max(1, ceil(stats.reset_time - self._clock()))
        return Standing(policy, allowed, max(0, stats.remaining), reset)


def _item(policy: Policy) -> limits.RateLimitItem:
    return limits.RateLimitItemPerSecond(policy.quota, policy.window)


def _key(policy: Policy, identity: tuple[str, ...]) -> str:
    # the library joins the parts with slashes, so slashes inside a part must be escaped
    return "/".join(quote(part, safe="") for part in (policy.name, *identity))
