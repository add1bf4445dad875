"""Interruptions that come while other processes are started."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def defer_interruptions() -> Iterator[list[int]]:
    """Put interruptions off to the end of the block, which may look whether one came.

    Raised where they come, one could fall between the start of a child and the note of it, and
    another Ctrl-C into the stopping of the children: both would leave children behind.
    """
    received: list[int] = []
    handlers = {number: signal.getsignal(number) for number in INTERRUPTIONS}
    for number, handler in handlers.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, lambda number, _frame: received.append(number))
    try:
        yield received
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])


@contextmanager
def block_interruptions() -> Iterator[None]:
    """Put interruptions off to the end of the block, also in the processes that it starts.

    They stay blocked there, so that a Ctrl-C, which reaches the whole group, does not break into a
    start: who started a process stops it. Here blocking is not enough: another thread takes the
    signal, as that of a live display, and Python hands it to this one.
    """
    with defer_interruptions():
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
