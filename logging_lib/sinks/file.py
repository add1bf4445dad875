"""File sink with rotation by size."""

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
    """The standard library's rotation, but raises failures and creates owner-only files."""

    def _open(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(
            open(self.baseFilename, "ab", opener=_open_private), encoding="utf-8"
        )

    # The name and the argument come from the base class.
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002
        error = sys.exc_info()[1]
        if error is not None:
            raise error


class FileSink:
    """Appends lines to a file (mode 0600), and rotates it before it exceeds `max_bytes`.

    Rotation renames files, so only one process at a time may write to a path. Nothing is written
    while rotation fails, so that the file never exceeds its size.
    """

    batch_size = 1

    def __init__(self, path: str, *, max_bytes: int, backups: int) -> None:
        """Open the file now, so that an unusable path is reported immediately.

        Raises:
            OSError: the file can't be opened, is a symbolic link or is not a regular file.
        """
        self._handler = _Handler(path, maxBytes=max_bytes, backupCount=backups)

    def write(self, entries: Sequence[Entry]) -> None:
        """Append a line for each entry and pass it to the operating system.

        Raises:
            OSError: the disk is full, the folder is missing or the rotation failed.
        """
        for entry in entries:
            self._handler.emit(logging.makeLogRecord({"msg": entry.line}))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()


def _open_private(path: str, flags: int) -> int:
    # Do not follow a link, which could redirect the log to another file of the service.
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is not a regular file")
    return descriptor
