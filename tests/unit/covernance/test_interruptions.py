from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from covernance import interruptions

pytestmark = pytest.mark.reliability


def interrupt(times: int, received: list[int] | None, done: list[object]) -> None:
    """Interrupt this process, and record the list of received signals each time."""
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)
        done.append(received and [*received])


def defer(done: list[object]) -> None:
    with interruptions.defer_interruptions() as received:
        assert not received
        interrupt(2, received, done)


def block(done: list[object]) -> None:
    with interruptions.block_interruptions():
        interrupt(2, None, done)


@pytest.mark.parametrize(
    ("block", "seen"),
    [(defer, [[signal.SIGINT], [signal.SIGINT] * 2]), (block, [None, None])],
    ids=["deferred", "blocked"],
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
        with interruptions.defer_interruptions() as received:
            signal.raise_signal(signal.SIGINT)
        assert not received
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
