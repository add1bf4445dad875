"""List the files of folders, and detect changes to them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from covernance.reuse import path_states
from covernance.reuse.evidence import Seen
from covernance.reuse.seen import Looks
from covernance.reuse.trace_file import LISTED, READ

Stamps = dict[str, tuple[int, ...]]
"""File metadata that any change of a file alters, by path: inode, size, times and more."""


def seen(looks: Looks, root: Path, paths: Iterable[str], skipped: Iterable[Path] = ()) -> Seen:
    """The states of files, and of folders with everything below them."""
    read: dict[str, str] = {}
    listed: dict[str, str] = {}
    for folder, names in _walk(root, paths, skipped):
        if folder is not None:
            listed[folder] = looks.look(LISTED, folder)
        read |= {name: looks.look(READ, name) for name in names}
    return Seen(read=read, listed=listed)


def stamps(root: Path, skipped: Iterable[Path] = ()) -> Stamps:
    """Metadata of each file in the repository, to detect changes without reading content."""
    file_stamps: Stamps = {}
    for _, names in _walk(root, ["."], skipped):
        for name in names:
            try:
                status = (root / name).lstat()
            except OSError:
                file_stamps[name] = ()
                continue
            file_stamps[name] = (
                *(status.st_ino, status.st_mode, status.st_size),
                *(status.st_mtime_ns, status.st_ctime_ns),
            )
    return file_stamps


def _walk(
    root: Path, paths: Iterable[str], skipped: Iterable[Path]
) -> Iterator[tuple[str | None, list[str]]]:
    """Yield folders with the files in each; a single file is yielded without a folder.

    A link to a folder counts as a file, since its target is walked in its own place.
    """
    left_out = {str(path) for path in skipped}
    for path in paths:
        if not (root / path).is_dir():
            yield None, [path]
            continue
        for folder, folders, names in os.walk(root / path):
            links = [name for name in folders if Path(folder, name).is_symlink()]
            folders[:] = sorted(
                name
                for name in folders
                if name not in path_states.IGNORED_NAMES and str(Path(folder, name)) not in left_out
            )
            relative = os.path.relpath(folder, root)
            yield relative, [os.path.normpath(f"{relative}/{name}") for name in (*names, *links)]
