"""Doubles for the arguments of `create_app`: authentication, tenants, rate limits, clock."""

from __future__ import annotations

from http import HTTPStatus

from apps.api.auth import Principal, challenge
from apps.api.problems import ProblemError
from apps.api.rate_limits import Policy, Standing

START = 1_795_262_400.0  # 2026-11-21T12:00:00Z
READ_WRITE = frozenset({"snapshots:read", "snapshots:write"})


class FakeClock:
    """A clock that moves only when a test moves it, for wall and monotonic time."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class FakeAuth:
    """Accepts fixed tokens, so that tests of other things need no keys."""

    def __init__(self) -> None:
        self.principals = {
            "acme": Principal("acme", "acme-ci", READ_WRITE),
            "acme-other": Principal("acme", "acme-laptop", READ_WRITE),
            "acme-reader": Principal("acme", "acme-dash", frozenset({"snapshots:read"})),
            "acme-writer": Principal("acme", "acme-push", frozenset({"snapshots:write"})),
            "globex": Principal("globex", "globex-ci", READ_WRITE),
        }
        self.is_ready = True
        self.calls = 0

    def authenticate(self, authorization: str | None) -> Principal:
        self.calls += 1
        token = (authorization or "").removeprefix("Bearer ")
        if token not in self.principals:
            raise ProblemError(HTTPStatus.UNAUTHORIZED, "Who are you?", headers=challenge())
        return self.principals[token]

    def ready(self) -> bool:
        return self.is_ready


class FakeRateLimiter:
    """Allows everything except the policies in `rejected`, and records who was counted."""

    def __init__(self) -> None:
        self.rejected: set[str] = set()
        self.hits: list[tuple[str, ...]] = []

    def hit(self, policy: Policy, *identity: str) -> Standing:
        self.hits.append((policy.name, *identity))
        return self.peek(policy, *identity)

    def peek(self, policy: Policy, *identity: str) -> Standing:
        allowed = policy.name not in self.rejected
        return Standing(policy, allowed, remaining=7 if allowed else 0, reset=42)


class FakeTenants:
    """Returns the token's tenant, or the test's choice, and records the calls."""

    def __init__(self) -> None:
        self.imposed: str | None = None
        self.calls: list[tuple[str | None, str | None]] = []

    def __call__(self, principal: Principal, in_path: str | None, in_header: str | None) -> str:
        self.calls.append((in_path, in_header))
        return self.imposed or principal.tenant
