"""What a path looks like, as a short text that is equal when it looks the same.

The traced process and the later check both call these, so that they mean the same. Times are left
out: a checkout changes them, and an edit need not. What is taken from `os` is taken once: the tests
of a traced process may put doubles in its place.
"""

from __future__ import annotations

import hashlib
import os
import sys
from os import close, lstat, readlink, scandir
from os import open as open_descriptor
from os import read as read_descriptor
from os import stat as read_status
from os.path import realpath
from stat import S_IMODE, S_ISDIR, S_ISREG

ABSENT = "absent"
UNREADABLE = "unreadable"

KEPT_BY_TOOLS = frozenset(
    {
        *(".git", ".hypothesis", ".import_linter_cache", ".mypy_cache", ".nox", ".pytest_cache"),
        *(".ruff_cache", ".tox", ".venv", "__pycache__"),
    }
)
"""Names that tools keep their own state under; they come and go between two equal runs."""

_CHUNK = 1 << 16
_WHERE = os.O_PATH | os.O_CLOEXEC if sys.platform == "linux" else None
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


def content(path: str) -> str:
    """A file's permissions and digest, and where it really lies if links lead there."""
    try:
        status = read_status(path)
    except (OSError, ValueError):
        return _missing(path)
    if S_ISDIR(status.st_mode):
        return f"directory{_target(path)}"
    mode = S_IMODE(status.st_mode)
    if not S_ISREG(status.st_mode):
        return f"special {mode:o}{_target(path)}"
    return f"file {mode:o} {digest(path)}{_target(path)}"


def kind(path: str) -> str:
    """Whether there is a file or a folder, and where it really lies if links lead there."""
    try:
        status = read_status(path)
    except (OSError, ValueError):
        return _missing(path)
    if S_ISDIR(status.st_mode):
        return f"directory{_target(path)}"
    return f"{'file' if S_ISREG(status.st_mode) else 'special'}{_target(path)}"


def metadata(path: str) -> str:
    """What can be asked of a path without reading it: its kind, permissions and size."""
    try:
        status = read_status(path)
    except (OSError, ValueError):
        return _missing(path)
    mode = S_IMODE(status.st_mode)
    if S_ISDIR(status.st_mode):
        return f"directory {mode:o}{_target(path)}"
    kind = "file" if S_ISREG(status.st_mode) else "special"
    return f"{kind} {mode:o} {status.st_size}{_target(path)}"


def stamp(path: str) -> str:
    """What tells, without reading it, that an installed file was not replaced meanwhile.

    Not the time of its change: an installer that links files into another environment sets that.
    """
    try:
        status = read_status(path)
    except (OSError, ValueError):
        return ABSENT
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns}"


def names(path: str) -> str:
    """The names in a folder, each with its kind, apart from those that tools keep."""
    try:
        with scandir(path) as entries:
            found = sorted(_entry(entry) for entry in entries if entry.name not in KEPT_BY_TOOLS)
    except (OSError, ValueError):
        return ABSENT
    return "/".join(("folder", *found))


def digest(path: str) -> str:
    """A digest of a file's bytes."""
    total = hashlib.sha256()
    try:
        descriptor = open_descriptor(path, _FLAGS)
        try:
            while chunk := read_descriptor(descriptor, _CHUNK):
                total.update(chunk)
        finally:
            close(descriptor)
    except OSError:
        return UNREADABLE
    return total.hexdigest()


def exists(path: str) -> bool:
    """Whether there is anything at a path, be it a link that leads nowhere."""
    try:
        lstat(path)
    except (OSError, ValueError):
        return False
    return True


def is_folder(path: str) -> bool:
    """Whether there is a folder at a path."""
    try:
        return S_ISDIR(read_status(path).st_mode)
    except (OSError, ValueError):
        return False


def _entry(entry: os.DirEntry[str]) -> str:
    kind = "d" if entry.is_dir() else "f"
    return f"{kind}{'l' if entry.is_symlink() else ''}:{entry.name}"


def _missing(path: str) -> str:
    try:
        return f"{ABSENT} -> {readlink(path)}"
    except (OSError, ValueError):
        return ABSENT


def _target(path: str) -> str:
    real = _real(path)
    return "" if real == path else f" -> {real}"


def _real(path: str) -> str:
    """Where a path leads; asking Linux costs a third of following the links one by one."""
    if _WHERE is None:
        return realpath(path)
    try:
        descriptor = open_descriptor(path, _WHERE)
    except (OSError, ValueError):
        return realpath(path)
    try:
        return readlink(f"/proc/self/fd/{descriptor}")
    except OSError:  # without /proc
        return realpath(path)
    finally:
        close(descriptor)
