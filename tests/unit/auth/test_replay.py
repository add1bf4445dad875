from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from apps.auth_service.replay import ReplayCache, Verdict
from tests.unit.auth.support import Clock

CAPACITY = 3


class ReplayCacheModel(RuleBasedStateMachine):
    """Compare the cache with a simple model: a dictionary that is filtered on each access."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(1000)
        self.cache = ReplayCache(CAPACITY, self.clock)
        self.model: dict[tuple[str, str], float] = {}

    def live(self) -> dict[tuple[str, str], float]:
        return {key: expires for key, expires in self.model.items() if expires > self.clock.now}

    @rule(
        client=st.sampled_from(["a", "b"]),
        identifier=st.sampled_from("uvwxyz"),
        lifetime=st.integers(min_value=-2, max_value=10),
    )
    def remember(self, client: str, identifier: str, lifetime: int) -> None:
        live = self.live()
        verdict = self.cache.remember(client, identifier, self.clock.now + lifetime)

        if (client, identifier) in live:
            assert verdict is Verdict.REPLAYED
        elif sum(owner == client for owner, _ in live) >= CAPACITY:
            assert verdict is Verdict.FULL
        else:
            assert verdict is Verdict.FRESH
            self.model[client, identifier] = self.clock.now + lifetime

    @rule(seconds=st.integers(min_value=0, max_value=6))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @invariant()
    def contains_exactly_the_live_entries(self) -> None:
        assert len(self.cache) == len(self.live())


@pytest.mark.reliability
def test_the_cache_behaves_like_the_model() -> None:
    run_state_machine_as_test(
        ReplayCacheModel, settings=settings(max_examples=40, stateful_step_count=30)
    )


@pytest.mark.security
def test_a_second_use_is_a_replay_until_it_expires() -> None:
    clock = Clock(0)
    cache = ReplayCache(2, clock)

    assert cache.remember("robot", "j", 10) is Verdict.FRESH
    clock.advance(9.99)
    assert cache.remember("robot", "j", 20) is Verdict.REPLAYED
    clock.advance(0.01)
    assert cache.remember("robot", "j", 20) is Verdict.FRESH


@pytest.mark.security
def test_a_full_cache_rejects_instead_of_dropping_entries() -> None:
    cache = ReplayCache(1, Clock(0))
    cache.remember("robot", "old", 10)

    assert cache.remember("robot", "new", 10) is Verdict.FULL
    assert cache.remember("robot", "old", 10) is Verdict.REPLAYED


@pytest.mark.security
def test_clients_have_separate_shares_and_identifiers() -> None:
    cache = ReplayCache(1, Clock(0))
    cache.remember("greedy", "j", 10)

    assert cache.remember("robot", "j", 10) is Verdict.FRESH


@pytest.mark.reliability
def test_exactly_one_of_several_concurrent_uses_is_fresh() -> None:
    threads, rounds = 8, 25
    cache = ReplayCache(rounds, Clock(0))
    barrier = Barrier(threads)

    def use(_thread: int) -> list[Verdict]:
        verdicts = []
        for number in range(rounds):
            barrier.wait()
            verdicts.append(cache.remember("robot", str(number), 10))
        return verdicts

    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(use, range(threads)))

    for verdicts in zip(*results, strict=True):
        assert Counter(verdicts) == {Verdict.FRESH: 1, Verdict.REPLAYED: threads - 1}


@pytest.mark.architecture
def test_since_is_the_time_of_creation() -> None:
    clock = Clock(1000)
    cache = ReplayCache(1, clock)
    clock.advance(5)

    assert cache.since == 1000


@pytest.mark.architecture
def test_a_capacity_below_one_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ReplayCache(0, Clock(0))
