"""Defer Ctrl-C and SIGTERM while child processes are started and stopped."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def defer_interruptions() -> Iterator[list[int]]:
    """Defer interruptions to the end of the block, which can check the list of those received.

    Raised immediately, an interruption could arrive after a child has started and before it is
    recorded, and a second Ctrl-C while the children are stopped. Both would leave children behind.
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
