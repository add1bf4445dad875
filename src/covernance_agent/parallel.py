"""Spread work over the cores, in copies of the process."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import BinaryIO, TypeVar

T = TypeVar("T")

_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)


def share(items: Sequence[T], work: Callable[[Sequence[T]], bytes]) -> list[bytes]:
    """Do `work` on every item, a share of them in this process and in each of some copies of it.

    A copy has all that this process has in memory; what it changes there is lost. Interruptions
    stay blocked in it: this process is interrupted too, and stops it. The share of a
    copy that fails, or that the system refuses, is done again here: that costs time, and raises
    the error where it can be told. Where a process can't safely be copied, all is done here.

    Args:
        items: What is to be worked on.
        work: Works on a share of it; it may be called for an item again, after a failure.

    Returns:
        What `work` made of each share, in any order.
    """
    if not items:
        return []
    count = min(cpus(), len(items)) if sys.platform == "linux" else 1
    shares = [items[number::count] for number in range(count)]
    copies: dict[int, tuple[Sequence[T], BinaryIO]] = {}
    mine = shares[:1]
    with ExitStack() as streams:
        try:
            for one in shares[1:]:
                try:
                    stream: BinaryIO = streams.enter_context(tempfile.TemporaryFile())
                    with blocked():
                        copies[_copy(one, work, stream)] = one, stream
                except OSError:  # noqa: PERF203 - a copy that the system refuses
                    mine.append(one)
            made = [work(one) for one in mine]
            for process, (one, stream) in [*copies.items()]:
                status = os.waitpid(process, 0)[1]
                del copies[process]
                stream.seek(0)
                made.append(work(one) if status else stream.read())
        except BaseException:
            for process in copies:
                with suppress(ProcessLookupError, ChildProcessError):  # one just waited for
                    os.kill(process, signal.SIGKILL)
                    os.waitpid(process, 0)
            raise
    return made


def cpus() -> int:
    """The cores that this process may use, if the system reports them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def blocked() -> Iterator[None]:
    """Put interruptions off to the end of the block, and block them in processes that it starts.

    Here blocking is not enough: another thread may take the signal, and Python raises the
    interruption in this one.
    """
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in _INTERRUPTIONS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, lambda number, _frame: came.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTIONS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def _copy(items: Sequence[T], work: Callable[[Sequence[T]], bytes], stream: BinaryIO) -> int:
    """Work on items in a copy of this process, of which the number is returned."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        stream.write(work(items))
        stream.flush()
        status = 0
    finally:
        os._exit(status)
