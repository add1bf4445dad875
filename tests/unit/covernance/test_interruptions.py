from __future__ import annotations

import signal
import threading
import time

import pytest

from covernance.interruptions import defer_interruptions

pytestmark = pytest.mark.reliability


def test_interruptions_are_deferred_to_the_end_of_the_block() -> None:
    seen: list[list[int]] = []

    def interrupted() -> None:
        with defer_interruptions() as received:
            for _ in range(2):
                signal.raise_signal(signal.SIGINT)
                seen.append([*received])

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert seen == [[signal.SIGINT], [signal.SIGINT, signal.SIGINT]]
    with pytest.raises(KeyboardInterrupt):  # as before
        signal.raise_signal(signal.SIGINT)


def test_an_interruption_received_by_another_thread_is_deferred() -> None:
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    moments = iter(range(100))

    def interrupted() -> None:
        with defer_interruptions():
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
        with defer_interruptions() as received:
            signal.raise_signal(signal.SIGINT)
        assert not received
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
