"""Spread work that leaves only files behind over the cores."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from covernance.measure.interruptions import blocked
from covernance.measure.machine import cpus

T = TypeVar("T")


def share(items: Sequence[T], work: Callable[[Sequence[T]], None]) -> None:
    """Do `work` on every item, a share of them in this process and in each of some copies of it.

    A copy has all that this process has in memory; what it changes there is lost. Interruptions
    stay blocked in it: this process is interrupted too, and stops it. The share of a
    copy that fails, or that the system refuses, is done again here: that costs time, and raises
    the error where it can be told. Where a process can't safely be copied, all is done here.

    Args:
        items: What is to be worked on.
        work: Works on a share of it; it may be called for an item again, after a failure.
    """
    if not items:
        return
    count = min(cpus(), len(items)) if sys.platform == "linux" else 1
    shares = [items[number::count] for number in range(count)]
    copies: dict[int, Sequence[T]] = {}
    mine = shares[:1]
    try:
        for one in shares[1:]:
            try:
                with blocked():
                    copies[_copy(one, work)] = one
            except OSError:
                mine.append(one)
        for one in mine:
            work(one)
        for process, one in [*copies.items()]:
            status = os.waitpid(process, 0)[1]
            del copies[process]
            if status:
                work(one)
    except BaseException:
        for process in copies:
            with suppress(ProcessLookupError, ChildProcessError):  # one that was just waited for
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
        raise


def _copy(items: Sequence[T], work: Callable[[Sequence[T]], None]) -> int:
    """Work on items in a copy of this process, of which the number is returned."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        work(items)
        status = 0
    finally:
        os._exit(status)
