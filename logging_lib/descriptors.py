"""Writing to a file descriptor without waiting for ever."""

from __future__ import annotations

import os
import select


class StalledError(OSError):
    """The reader at the other end did not make room in time."""


def write_some(descriptor: int, data: bytes, timeout_s: float) -> int:
    """Write the beginning of `data`; return how many bytes were taken.

    POSIX: a pipe that polls as writable takes `PIPE_BUF` bytes without blocking. Should another
    process fill it at that very moment, or on a regular file, the write may still wait.

    Raises:
        StalledError: there was no room for `timeout_s` seconds.
        OSError: the descriptor is closed or broken.
    """
    poller = select.poll()
    poller.register(descriptor, select.POLLOUT)
    if not poller.poll(timeout_s * 1000):
        raise StalledError(f"descriptor {descriptor} took nothing for {timeout_s} s")
    return os.write(descriptor, data[: select.PIPE_BUF])
