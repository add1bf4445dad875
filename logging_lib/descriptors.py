"""Write to a file descriptor with a time limit."""

from __future__ import annotations

import os
import select


class StalledError(OSError):
    """The reader at the other end did not read in time."""


def write_some(descriptor: int, data: bytes, timeout_s: float) -> int:
    """Write the beginning of `data` and return the number of bytes written.

    POSIX: a pipe that polls as writable accepts `PIPE_BUF` bytes without blocking. The write can
    still block on a regular file, or if another process fills the pipe at the same moment.

    Raises:
        StalledError: nothing could be written for `timeout_s` seconds.
        OSError: the descriptor is closed or broken.
    """
    poller = select.poll()
    poller.register(descriptor, select.POLLOUT)
    if not poller.poll(timeout_s * 1000):
        raise StalledError(f"descriptor {descriptor} accepted no data for {timeout_s} s")
    return os.write(descriptor, data[: select.PIPE_BUF])
