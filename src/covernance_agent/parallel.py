"""Spread work over the cores in forks of this process."""

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
    """Do `work` on every item, in this process and in forks of it, one share of the items each.

    A fork sees everything that this process has in memory, but its changes there are lost.
    Interruptions stay blocked in it; this process is interrupted too and kills it. If a fork fails
    or can't be started, its share is done here: that takes time, but raises any error where it can
    be reported. On systems where forking is not safe, everything is done here.

    Args:
        items: The items to work on.
        work: Works on one share of the items; it may be called again for a share after a failure.

    Returns:
        The result of `work` for each share, in any order.
    """
    if not items:
        return []
    count = min(cpus(), len(items)) if sys.platform == "linux" else 1
    shares = [items[number::count] for number in range(count)]
    forks: dict[int, tuple[Sequence[T], BinaryIO]] = {}
    own_shares = shares[:1]
    with ExitStack() as streams:
        try:
            for items_of_share in shares[1:]:
                try:
                    stream: BinaryIO = streams.enter_context(tempfile.TemporaryFile())
                    with blocked():
                        forks[_fork(items_of_share, work, stream)] = items_of_share, stream
                except OSError:  # noqa: PERF203 - the system could not start a fork
                    own_shares.append(items_of_share)
            results = [work(items_of_share) for items_of_share in own_shares]
            for process, (items_of_share, stream) in [*forks.items()]:
                status = os.waitpid(process, 0)[1]
                del forks[process]
                stream.seek(0)
                results.append(work(items_of_share) if status else stream.read())
        except BaseException:
            for process in forks:
                with suppress(ProcessLookupError, ChildProcessError):  # it has just been waited for
                    os.kill(process, signal.SIGKILL)
                    os.waitpid(process, 0)
            raise
    return results


def cpus() -> int:
    """The number of cores that this process may use, or of all cores if that is unknown."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def blocked() -> Iterator[None]:
    """Delay interruptions to the end of the block, and block them in processes that it starts.

    Blocking the signals is not enough in this process: another thread may receive the signal, and
    Python then runs the handler in the main thread.
    """
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in _INTERRUPTIONS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, lambda number, _frame: received.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTIONS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])


def _fork(items: Sequence[T], work: Callable[[Sequence[T]], bytes], stream: BinaryIO) -> int:
    """Work on items in a fork of this process; return its process ID."""
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
