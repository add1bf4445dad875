from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.api.rate_limits import MovingWindowLimiter, Policy, Standing
from tests.unit.api.doubles import FakeClock

WRITES = Policy("writes", quota=3, window=60)


@pytest.fixture
def moving(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> MovingWindowLimiter:
    """A limiter in a time that the test moves; the library's storage takes no clock."""
    monkeypatch.setattr(time, "time", clock)
    return MovingWindowLimiter(clock=clock)


@pytest.mark.architecture
@pytest.mark.parametrize(
    ("rate", "quota", "window"),
    [("60/minute", 60, 60), ("5 per 2 second", 5, 2), ("1/hour", 1, 3600), ("9/day", 9, 86_400)],
)
def test_a_rate_is_a_quota_in_a_window_of_seconds(rate: str, quota: int, window: int) -> None:
    assert Policy.parse("reads", rate) == Policy("reads", quota, window)


@pytest.mark.reliability
def test_text_that_is_no_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="couldn't parse rate limit"):
        Policy.parse("reads", "often")


@pytest.mark.reliability
def test_the_quota_counts_down_and_then_refuses(
    moving: MovingWindowLimiter, clock: FakeClock
) -> None:
    seen = []
    for _ in range(4):
        seen.append(moving.hit(WRITES, "acme", "ci"))
        clock.now += 10

    assert [(standing.allowed, standing.remaining) for standing in seen] == [
        (True, 2),
        (True, 1),
        (True, 0),
        (False, 0),
    ]
    assert [standing.reset for standing in seen] == [60, 50, 40, 30]


@pytest.mark.reliability
def test_quota_comes_back_as_the_window_moves_not_all_at_once(
    moving: MovingWindowLimiter, clock: FakeClock
) -> None:
    for _ in range(3):
        moving.hit(WRITES, "acme", "ci")
        clock.now += 25
    # at 75 s the request of second 0 has left the window, those of 25 and 50 have not

    assert moving.hit(WRITES, "acme", "ci").allowed
    assert not moving.hit(WRITES, "acme", "ci").allowed


@pytest.mark.reliability
def test_a_refused_request_does_not_put_off_the_reset(
    moving: MovingWindowLimiter, clock: FakeClock
) -> None:
    for _ in range(3):
        moving.hit(WRITES, "acme", "ci")
    clock.now += 59
    refused = moving.hit(WRITES, "acme", "ci")
    clock.now += refused.reset + 1

    assert moving.hit(WRITES, "acme", "ci").allowed


@pytest.mark.reliability
def test_a_peek_counts_nothing(moving: MovingWindowLimiter) -> None:
    for _ in range(10):
        assert moving.peek(WRITES, "acme", "ci").allowed

    assert moving.hit(WRITES, "acme", "ci").remaining == 2


@pytest.mark.security
def test_one_client_cannot_use_up_another_s_quota(moving: MovingWindowLimiter) -> None:
    for _ in range(4):
        moving.hit(WRITES, "acme", "ci")

    assert not moving.peek(WRITES, "acme", "ci").allowed
    assert moving.hit(WRITES, "acme", "laptop").remaining == 2
    assert moving.hit(WRITES, "globex", "ci").remaining == 2
    assert moving.hit(Policy("reads", 3, 60), "acme", "ci").remaining == 2


@pytest.mark.security
def test_names_cannot_be_chosen_so_that_two_clients_count_as_one(
    moving: MovingWindowLimiter,
) -> None:
    for _ in range(4):
        moving.hit(WRITES, "a/b", "c")

    assert moving.peek(WRITES, "a", "b/c").allowed


@pytest.mark.security
def test_threads_together_get_no_more_than_the_quota() -> None:
    limiter = MovingWindowLimiter()
    policy = Policy("writes", quota=20, window=3600)

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: limiter.hit(policy, "acme", "ci").allowed, range(100)))

    assert sum(seen) == 20


@pytest.mark.architecture
def test_the_header_fields_tell_policy_and_standing() -> None:
    allowed = Standing(WRITES, allowed=True, remaining=2, reset=41)
    refused = Standing(WRITES, allowed=False, remaining=0, reset=7)

    assert allowed.headers() == {
        "RateLimit-Policy": '"writes";q=3;w=60',
        "RateLimit": '"writes";r=2;t=41',
    }
    assert refused.headers()["Retry-After"] == "7"
