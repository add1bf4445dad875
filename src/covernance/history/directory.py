"""A store that is a folder with one file per snapshot; the default on a laptop."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import takewhile
from pathlib import Path
from typing import ClassVar, Self

from covernance import files
from covernance.context import Context
from covernance.errors import InputError, MachineError
from covernance.git.committed_results import list_committed, reject_committed
from covernance.history import names
from covernance.history.store import Entry, decode, group_by_entry, select_entries
from covernance.model.snapshot import Snapshot


class Directory:
    """Snapshots below one folder, which need not exist yet.

    Files are written atomically, and writers take turns; readers need no lock.
    """

    is_shared: ClassVar = False
    has_remote: ClassVar = False

    def __init__(self, root: Path) -> None:
        """Store snapshots below `root`."""
        self._root = root

    @classmethod
    def open(cls, context: Context, *, branch: str, remote: str | None) -> Self:  # noqa: ARG003 - see `NamedStore.open`
        """Open the folder beside the reports of the repository."""
        return cls(context.layout.folder / "history")

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._root)

    def add(self, snapshots: Sequence[Snapshot]) -> list[Entry]:
        """Store snapshots; see `Store.add`.

        Raises:
            InputError: A snapshot has an invalid field; none is stored.
            MachineError: The folder can't be written.
        """
        wanted = group_by_entry(snapshots)
        paths = {entry: self._root / names.path_of(entry) for entry in wanted}
        added = []
        with self._turn():
            for entry, path in paths.items():
                if not self._has(entry):
                    files.write_atomic(path, wanted[entry].encode())
                    added.append(entry)
        return added

    def entries(self, *, suite: str | None = None, branch: str | None = None) -> list[Entry]:
        """List the stored snapshots; see `Store.entries`.

        Raises:
            InputError: A file's name is not that of a snapshot, or a file came with a commit: a
                change could bring the results that it is compared with.
        """
        for path in sorted(filter(names.is_snapshot, list_committed(self._root))):
            reject_committed(self._root / path)
        stored = (names.entry_at(path) for path in self._paths() if names.is_snapshot(path))
        return select_entries(stored, suite=suite, branch=branch)

    def read(self, entry: Entry) -> Snapshot:
        """Return a snapshot; see `Store.read`.

        Raises:
            InputError: The file does not exist, is damaged, or holds another result.
        """
        path = self._root / names.path_of(entry)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: can't be read: {error.strerror}") from error
        return decode(content, entry, str(path))

    def prune(self, old_entries: Sequence[Entry]) -> None:
        """Remove files, and folders that become empty.

        Raises:
            MachineError: A file can't be removed; those before it have been.
        """
        with self._turn():
            for entry in old_entries:
                self._remove(self._root / names.path_of(entry))

    def _turn(self) -> AbstractContextManager[None]:
        return files.locked(self._root / ".lock")

    def _has(self, entry: Entry) -> bool:
        stored_files = self._root.joinpath(names.folder_of(entry)).glob("*")
        return any(names.is_run(path.name, entry) for path in stored_files)

    def _paths(self) -> Iterator[str]:
        for folder, _, file_names in os.walk(self._root, onerror=_report_unreadable):
            relative = Path(folder).relative_to(self._root)
            yield from ((relative / name).as_posix() for name in file_names)

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise MachineError(f"{path}: can't be removed: {error.strerror}") from error
        with suppress(OSError):
            for folder in takewhile(lambda folder: folder != self._root, path.parents):
                folder.rmdir()


def _report_unreadable(error: OSError) -> None:
    """Ignore a folder that does not exist (yet or any more); report one that can't be read."""
    if not isinstance(error, FileNotFoundError):
        raise InputError(f"{error.filename}: can't be read: {error.strerror}") from error
