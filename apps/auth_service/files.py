"""Private files: safe reads, atomic writes, owner-only permissions."""

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
    """Read a regular file and its permission bits.

    The checks run on the open descriptor, so the file that is checked is the file that is read.
    Opening a FIFO does not wait for a writer.

    Returns:
        The content and the permission bits, such as ``0o600``.

    Raises:
        ConfigError: The file is missing, unreadable, not a regular file, or over 1 MiB.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        reason = error.strerror or "cannot be opened"
        raise ConfigError(
            path,
            f"cannot be read ({reason})",
            "create it or make it readable for the service's user",
        ) from error
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ConfigError(path, "is not a regular file", "replace it with a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(_SIZE_LIMIT + 1)
    finally:
        os.close(descriptor)
    if len(content) > _SIZE_LIMIT:
        raise ConfigError(
            path, f"is larger than {_SIZE_LIMIT} bytes", "check that it is the right file"
        )
    return content, stat.S_IMODE(mode)


def create_private(path: Path, content: bytes) -> None:
    """Create a file (mode 0600) atomically.

    Raises:
        FileExistsError: The path already exists; it is not changed.
    """
    temporary = _write_temporary(path, content)
    try:
        os.link(temporary, path)  # unlike a rename, it never replaces a file
    finally:
        temporary.unlink()
    _sync_directory(path.parent)


def replace_private(path: Path, content: bytes) -> None:
    """Write a file (mode 0600) atomically; readers see the old content or the new."""
    temporary = _write_temporary(path, content)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink()
        raise
    _sync_directory(path.parent)


@contextmanager
def directory_lock(directory: Path) -> Iterator[None]:
    """Hold a directory's advisory lock, so that concurrent commands do not lose changes."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write_temporary(path: Path, content: bytes) -> Path:
    # mkstemp uses O_EXCL and mode 0600; the name does not end in .pem, so it is not read as a key
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
