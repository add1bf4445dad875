"""The state of a path as a short text; equal texts mean that nothing has changed.

Both the traced process and the later check call these functions, so the texts are comparable. Times
are left out: a checkout changes them, and an edit need not. Functions of `os` are imported by name,
because the tests of a traced process may replace them in `os`.
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

IGNORED_NAMES = frozenset(
    {
        *(".git", ".hypothesis", ".import_linter_cache", ".mypy_cache", ".nox", ".pytest_cache"),
        *(".ruff_cache", ".tox", ".venv", "__pycache__"),
    }
)
"""Files and folders in which tools store state; they may come and go between equal runs."""

_CHUNK = 1 << 16
_WHERE = os.O_PATH | os.O_CLOEXEC if sys.platform == "linux" else None
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


def content(path: str) -> str:
    """A file's permissions and digest, and its real path if the path has links."""
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
    """Whether there is a file or a folder, and its real path if the path has links."""
    try:
        status = read_status(path)
    except (OSError, ValueError):
        return _missing(path)
    if S_ISDIR(status.st_mode):
        return f"directory{_target(path)}"
    return f"{'file' if S_ISREG(status.st_mode) else 'special'}{_target(path)}"


def metadata(path: str) -> str:
    """The kind, permissions and size of a path, which are known without reading it."""
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
    """A text that changes if an installed file is replaced, found without reading the file.

    It leaves out the time of the last status change, which an installer sets by linking the file
    into another environment.
    """
    try:
        status = read_status(path)
    except (OSError, ValueError):
        return ABSENT
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns}"


def names(path: str) -> str:
    """The names in a folder, each with its kind, without those of `IGNORED_NAMES`."""
    try:
        with scandir(path) as entries:
            listed = sorted(_entry(entry) for entry in entries if entry.name not in IGNORED_NAMES)
    except (OSError, ValueError):
        return ABSENT
    return "/".join(("folder", *listed))


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
    """Whether there is anything at a path, including a broken link."""
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
    """The real path; on Linux, opening it takes a third of the time of following each link."""
    if _WHERE is None:
        return realpath(path)
    try:
        descriptor = open_descriptor(path, _WHERE)
    except (OSError, ValueError):
        return realpath(path)
    try:
        return readlink(f"/proc/self/fd/{descriptor}")
    except OSError:  # there is no /proc
        return realpath(path)
    finally:
        close(descriptor)
