"""Atomic writes, locks and work folders."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from covernance.errors import MachineError

if TYPE_CHECKING:
    from filelock import BaseFileLock


def write_atomic(path: Path, content: bytes) -> None:
    """Write `content` to `path` in one step, creating its folder.

    The new bytes are on disk before the file is renamed, so a crash at any moment leaves either
    the old file or the new one.

    Raises:
        MachineError: the file can't be written (a full disk, no permission).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        msg = (
            f"{path}: can't be written: {error.strerror or error}. The existing file is unchanged."
        )
        raise MachineError(msg) from error


def publish_file(staged: Path, path: Path) -> None:
    """Move a finished file to `path` in one step.

    Raises:
        MachineError: It can't be moved there.
    """
    with _machine_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _beside(staged, path).replace(path)


def publish_folder(staged: Path, path: Path) -> None:
    """Replace `path` with a finished folder.

    A folder can't be replaced in one step: the old one is renamed to a hidden name until the new
    one is in place. `restore_folder` brings it back if the process died in between.

    Raises:
        MachineError: It can't be moved there.
    """
    with _machine_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        restore_folder(path)
        ready = _beside(staged, path)
        if path.exists():
            path.rename(_retired(path))
        ready.rename(path)
        shutil.rmtree(_retired(path), ignore_errors=True)


def _beside(staged: Path, path: Path) -> Path:
    """Return the staged file or folder, copied next to `path` if it is on another file system."""
    if staged.stat().st_dev == path.parent.stat().st_dev:
        return staged
    copy = path.with_name(f".{path.name}.new")
    if staged.is_dir():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(staged, copy)
    else:
        shutil.copyfile(staged, copy)
    return copy


@contextmanager
def _machine_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"{path}: can't be written: {error.strerror or error}"
        raise MachineError(msg) from error


def restore_folder(path: Path) -> None:
    """Undo a `publish_folder` that was killed halfway; do nothing if it had finished."""
    retired = _retired(path)
    if not retired.exists():
        return
    if path.exists():
        shutil.rmtree(retired, ignore_errors=True)
    else:
        retired.rename(path)


def _retired(path: Path) -> Path:
    return path.with_name(f".{path.name}.retired")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` in the block; the system frees it when the process dies.

    Raises:
        MachineError: The lock file can't be created or opened.
    """
    lock = _lock(path)
    with _lock_errors(path):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def try_lock(path: Path) -> BaseFileLock | None:
    """Take an exclusive lock on `path`, or return None while another process holds it.

    The caller releases the lock; the system frees it when the process dies.

    Raises:
        MachineError: The lock file can't be created or opened.
    """
    from filelock import Timeout  # noqa: PLC0415 - see _lock

    lock = _lock(path)
    with _lock_errors(path):
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return None
    return lock


def _lock(path: Path) -> BaseFileLock:
    """Create a lock that belongs to the process: any thread may release it."""
    from filelock import FileLock  # noqa: PLC0415 - it imports asyncio, which slows down `--help`

    return FileLock(path, thread_local=False)


@contextmanager
def _lock_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"{path}: can't be locked: {error.strerror or error}"
        raise MachineError(msg) from error


class Workspace:
    """A temporary folder of one run; a later run removes it if this one is killed.

    The lock file in it is held as long as the process lives, so a folder whose lock is free is
    abandoned.
    """

    def __init__(self, parent: Path) -> None:
        """Create a workspace in `parent` and remove abandoned ones.

        Raises:
            MachineError: The folder can't be written.
        """
        try:
            parent.mkdir(parents=True, exist_ok=True)
            # The clean-up must not see a folder that is created but not locked yet.
            with locked(parent / "sweep.lock"):
                self._remove_abandoned(parent)
                self.path = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
                self._lock = _lock(self.path / "lock")
                self._lock.acquire()
        except OSError as error:
            msg = f"{parent}: can't be used as a work folder: {error.strerror or error}"
            raise MachineError(msg) from error

    def close(self) -> None:
        """Remove the folder and everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()

    @staticmethod
    def _remove_abandoned(parent: Path) -> None:
        for folder in parent.glob("run-*"):
            with suppress(MachineError):  # belongs to another user, who will remove it
                if abandoned := try_lock(folder / "lock"):
                    shutil.rmtree(folder, ignore_errors=True)
                    abandoned.release()
