from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.api.rate_limits import MovingWindowLimiter, Policy, Standing
from tests.unit.api.doubles import FakeClock

WRITES = Policy("writes", quota=3, window=60)


@pytest.fixture
def limiter(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> MovingWindowLimiter:
    """A limiter whose time the test controls; patched, as the library's storage takes no clock."""
    monkeypatch.setattr(time, "time", clock)
    return MovingWindowLimiter(clock=clock)


@pytest.mark.architecture
@pytest.mark.parametrize(
    ("rate", "quota", "window"),
    [("60/minute", 60, 60), ("5 per 2 second", 5, 2), ("1/hour", 1, 3600), ("9/day", 9, 86_400)],
)
def test_a_rate_is_parsed_as_quota_and_window_in_seconds(
    rate: str, quota: int, window: int
) -> None:
    assert Policy.parse("reads", rate) == Policy("reads", quota, window)


@pytest.mark.reliability
def test_an_invalid_rate_is_rejected() -> None:
    with pytest.raises(ValueError, match="couldn't parse rate limit"):
        Policy.parse("reads", "often")


@pytest.mark.reliability
def test_requests_are_rejected_when_the_quota_is_used_up(
    limiter: MovingWindowLimiter, clock: FakeClock
) -> None:
    standings = []
    for _ in range(4):
        standings.append(limiter.hit(WRITES, "acme", "ci"))
        clock.now += 10

    assert [(standing.allowed, standing.remaining) for standing in standings] == [
        (True, 2),
        (True, 1),
        (True, 0),
        (False, 0),
    ]
    assert [standing.reset for standing in standings] == [60, 50, 40, 30]


@pytest.mark.reliability
def test_quota_returns_gradually_as_the_window_moves(
    limiter: MovingWindowLimiter, clock: FakeClock
) -> None:
    for _ in range(3):
        limiter.hit(WRITES, "acme", "ci")
        clock.now += 25
    # at 75 s the request made at 0 s has left the window, those at 25 s and 50 s have not

    assert limiter.hit(WRITES, "acme", "ci").allowed
    assert not limiter.hit(WRITES, "acme", "ci").allowed


@pytest.mark.reliability
def test_a_rejected_request_does_not_delay_the_reset(
    limiter: MovingWindowLimiter, clock: FakeClock
) -> None:
    for _ in range(3):
        limiter.hit(WRITES, "acme", "ci")
    clock.now += 59
    rejected = limiter.hit(WRITES, "acme", "ci")
    clock.now += rejected.reset + 1

    assert limiter.hit(WRITES, "acme", "ci").allowed


@pytest.mark.reliability
def test_a_peek_counts_nothing(limiter: MovingWindowLimiter) -> None:
    for _ in range(10):
        assert limiter.peek(WRITES, "acme", "ci").allowed

    assert limiter.hit(WRITES, "acme", "ci").remaining == 2


@pytest.mark.security
def test_clients_have_separate_quotas(limiter: MovingWindowLimiter) -> None:
    for _ in range(4):
        limiter.hit(WRITES, "acme", "ci")

    assert not limiter.peek(WRITES, "acme", "ci").allowed
    assert limiter.hit(WRITES, "acme", "laptop").remaining == 2
    assert limiter.hit(WRITES, "globex", "ci").remaining == 2
    assert limiter.hit(Policy("reads", 3, 60), "acme", "ci").remaining == 2


@pytest.mark.security
def test_names_with_slashes_do_not_collide(
    limiter: MovingWindowLimiter,
) -> None:
    for _ in range(4):
        limiter.hit(WRITES, "a/b", "c")

    assert limiter.peek(WRITES, "a", "b/c").allowed


@pytest.mark.security
def test_concurrent_threads_do_not_exceed_the_quota() -> None:
    limiter = MovingWindowLimiter()
    policy = Policy("writes", quota=20, window=3600)

    with ThreadPoolExecutor(8) as pool:
        standings = list(pool.map(lambda _: limiter.hit(policy, "acme", "ci").allowed, range(100)))

    assert sum(standings) == 20


@pytest.mark.architecture
def test_headers_show_policy_and_remaining_quota() -> None:
    allowed = Standing(WRITES, allowed=True, remaining=2, reset=41)
    rejected = Standing(WRITES, allowed=False, remaining=0, reset=7)

    assert allowed.headers() == {
        "RateLimit-Policy": '"writes";q=3;w=60',
        "RateLimit": '"writes";r=2;t=41',
    }
    assert rejected.headers()["Retry-After"] == "7"
