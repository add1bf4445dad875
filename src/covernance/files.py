"""Files written whole or not at all."""

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
    """Replace `path` by `content` in one step, creating its folder.

    The new bytes are on disk before the name changes, so a crash at any moment leaves either
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
            f"{path}: can't be written: {error.strerror or error}. The last good file is untouched."
        )
        raise MachineError(msg) from error


def publish_file(staged: Path, path: Path) -> None:
    """Move a finished file to its place in one step.

    Raises:
        MachineError: It can't be put there.
    """
    with _machine_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _beside(staged, path).replace(path)


def publish_folder(staged: Path, path: Path) -> None:
    """Replace `path` by a finished folder.

    A folder can't be replaced in one step; the old one waits under a hidden name until the new
    one stands. `restore_folder` brings it back if a crash came between.

    Raises:
        MachineError: It can't be put there.
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
    """The staged file or folder, copied beside `path` first if that is on another file system."""
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
    """Undo a `publish_folder` that was killed half-way; do nothing if it had finished."""
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
    """Hold an exclusive lock on `path` for the block; the kernel frees it when the process dies.

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
    """Take an exclusive lock on `path`, or return None while another holds it.

    The caller releases the lock; the kernel frees it when the process dies.

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
    """A lock that belongs to the process: any thread may release it."""
    from filelock import FileLock  # noqa: PLC0415 - it imports asyncio, which `--help` can do without

    return FileLock(path, thread_local=False)


@contextmanager
def _lock_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"{path}: can't be locked: {error.strerror or error}"
        raise MachineError(msg) from error


class Workspace:
    """A folder that only one run uses, found and removed by a later run if this one is killed.

    The lock file in it is held as long as the process lives, so a folder whose lock is free has no
    owner any more.
    """

    def __init__(self, parent: Path) -> None:
        """Create a workspace in `parent` and remove those that have no owner.

        Raises:
            MachineError: The folder can't be written.
        """
        try:
            parent.mkdir(parents=True, exist_ok=True)
            # A sweep must not find a folder that is created but not locked yet.
            with locked(parent / "sweep.lock"):
                self._sweep(parent)
                self.path = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
                self._lock = _lock(self.path / "lock")
                self._lock.acquire()
        except OSError as error:
            msg = f"{parent}: can't be used as a work folder: {error.strerror or error}"
            raise MachineError(msg) from error

    def close(self) -> None:
        """Remove the folder and all in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()

    @staticmethod
    def _sweep(parent: Path) -> None:
        for folder in parent.glob("run-*"):
            with suppress(MachineError):  # of another user: left to its owner
                if abandoned := try_lock(folder / "lock"):
                    shutil.rmtree(folder, ignore_errors=True)
                    abandoned.release()
