"""Private files: opened without surprises, written whole and readable by their owner alone."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.auth_service.errors import ConfigError

GROUP_OR_WORLD = 0o077
GROUP_OR_WORLD_WRITE = 0o022
_SIZE_LIMIT = 1 << 20


def read_regular(path: Path) -> tuple[bytes, int]:
    """Read a regular file and the permission bits it had when it was read.

    The checks are made on the open descriptor, so that what was checked is what is read. Opening
    does not wait for the writer of a FIFO.

    Returns:
        The content, and the permission bits (``0o600``, say).

    Raises:
        ConfigError: The file is missing, unreadable, not a regular file, or over 1 MiB.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        reason = error.strerror or "cannot be opened"
        raise ConfigError(
            path, f"cannot be read ({reason})", "create it or let the service's user read it"
        ) from error
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ConfigError(path, "is not a regular file", "put a regular file there")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(_SIZE_LIMIT + 1)
    finally:
        os.close(descriptor)
    if len(content) > _SIZE_LIMIT:
        raise ConfigError(
            path, f"is larger than {_SIZE_LIMIT} bytes", "it is not what it should be"
        )
    return content, stat.S_IMODE(mode)


def create_private(path: Path, content: bytes) -> None:
    """Create a file of mode 0600 that appears with all of its content or not at all.

    Raises:
        FileExistsError: The path is taken; what is there stays as it was.
    """
    temporary = _write_temporary(path, content)
    try:
        os.link(temporary, path)  # unlike a rename, it refuses to replace
    finally:
        temporary.unlink()
    _sync_directory(path.parent)


def replace_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 in one step; readers see the old content or the new."""
    temporary = _write_temporary(path, content)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink()
        raise
    _sync_directory(path.parent)


@contextmanager
def directory_lock(directory: Path) -> Iterator[None]:
    """Hold the advisory lock of a directory, so that two commands don't lose one's change."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write_temporary(path: Path, content: bytes) -> Path:
    # mkstemp creates with O_EXCL and mode 0600; a name with a leading dot is never taken for a key
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink()
        raise
    return temporary


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
