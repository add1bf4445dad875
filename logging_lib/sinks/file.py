"""A file that is rotated by size."""

from __future__ import annotations

import io
import logging
import os
import stat
import sys
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler

from logging_lib.sinks.base import Entry


class _Handler(RotatingFileHandler):
    """The standard library's rotation, but failures are raised and the file is the owner's."""

    def _open(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(
            open(self.baseFilename, "ab", opener=_open_private), encoding="utf-8"
        )

    # The name and the argument are those of the base class.
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002
        error = sys.exc_info()[1]
        if error is not None:
            raise error


class FileSink:
    """Appends lines to a file of mode 0600, and rotates it before it grows over `max_bytes`.

    Rotation renames, so one process at a time may write to a path. While rotation fails nothing
    is written: the size is a promise.
    """

    batch_size = 1

    def __init__(self, path: str, *, max_bytes: int, backups: int) -> None:
        """Open the file, so that a path that can't be used is known at once.

        Raises:
            OSError: the file can't be opened, or is a symbolic link or no regular file.
        """
        self._handler = _Handler(path, maxBytes=max_bytes, backupCount=backups)

    def write(self, entries: Sequence[Entry]) -> None:
        """Append a line for each entry and hand it to the operating system.

        Raises:
            OSError: the disk is full, the folder is gone, the rotation is refused.
        """
        for entry in entries:
            self._handler.emit(logging.makeLogRecord({"msg": entry.line}))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()


def _open_private(path: str, flags: int) -> int:
    # Not through a link, which could point a service's logs at another file of the service.
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is no regular file")
    return descriptor
