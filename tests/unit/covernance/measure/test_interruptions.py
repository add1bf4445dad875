from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from covernance.measure import interruptions

pytestmark = pytest.mark.reliability


def interrupt(times: int, came: list[int] | None, done: list[object]) -> None:
    """Interrupt this process, and note what can be seen of it each time."""
    for _ in range(times):
        os.kill(os.getpid(), signal.SIGINT)
        done.append(came and [*came])


def put_off(done: list[object]) -> None:
    with interruptions.put_off() as came:
        assert not came
        interrupt(2, came, done)


def blocked(done: list[object]) -> None:
    with interruptions.blocked():
        interrupt(2, None, done)


@pytest.mark.parametrize(
    ("block", "seen"),
    [(put_off, [[signal.SIGINT], [signal.SIGINT] * 2]), (blocked, [None, None])],
    ids=["put off", "blocked"],
)
def test_an_interruption_comes_at_the_end_of_the_block_and_no_sooner(
    block: Callable[[list[object]], None], seen: list[object]
) -> None:
    done: list[object] = []
    with pytest.raises(KeyboardInterrupt):
        block(done)
    assert done == seen
    with pytest.raises(KeyboardInterrupt):  # as before
        os.kill(os.getpid(), signal.SIGINT)


def test_what_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptions.put_off() as came:
            os.kill(os.getpid(), signal.SIGINT)
        assert not came
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
