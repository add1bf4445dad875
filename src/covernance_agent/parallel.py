"""Spread work over the cores, in copies of the process."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import BinaryIO, TypeVar

from covernance.interruptions import blocked
from covernance.machine import cpus

T = TypeVar("T")


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
                except OSError:
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
