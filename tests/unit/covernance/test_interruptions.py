from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from covernance import interruptions

pytestmark = pytest.mark.reliability


def interrupt(times: int, came: list[int] | None, done: list[object]) -> None:
    """Interrupt this process, and record the list of received signals each time."""
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)
        done.append(came and [*came])


def put_off(done: list[object]) -> None:
    with interruptions.defer_interruptions() as came:
        assert not came
        interrupt(2, came, done)


def blocked(done: list[object]) -> None:
    with interruptions.block_interruptions():
        interrupt(2, None, done)


@pytest.mark.parametrize(
    ("block", "seen"),
    [(put_off, [[signal.SIGINT], [signal.SIGINT] * 2]), (blocked, [None, None])],
    ids=["put off", "blocked"],
)
def test_an_interruption_is_deferred_to_the_end_of_the_block(
    block: Callable[[list[object]], None], seen: list[object]
) -> None:
    done: list[object] = []
    with pytest.raises(KeyboardInterrupt):
        block(done)
    assert done == seen
    with pytest.raises(KeyboardInterrupt):  # as before
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    "block", [interruptions.defer_interruptions, interruptions.block_interruptions]
)
def test_an_interruption_received_by_another_thread_is_deferred(
    block: Callable[[], AbstractContextManager[object]],
) -> None:
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    moments = iter(range(100))

    def interrupted() -> None:
        with block():
            signal.pthread_kill(other.ident or 0, signal.SIGINT)
            for _ in moments:
                time.sleep(0.001)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    over.set()
    other.join()
    assert next(moments, None) is None


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptions.defer_interruptions() as came:
            signal.raise_signal(signal.SIGINT)
        assert not came
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
