"""Every file of some folders; and whether any changed between two looks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from covernance.reuse import path_states
from covernance.reuse.evidence import Seen
from covernance.reuse.seen import Looks
from covernance.reuse.trace_file import LISTED, READ

Stamps = dict[str, tuple[int, ...]]
"""By path, what changes with any change of a file: inode, size, time of change and more."""


def seen(looks: Looks, root: Path, paths: Iterable[str], skipped: Iterable[Path] = ()) -> Seen:
    """The states of files, and of folders with all below them."""
    read: dict[str, str] = {}
    listed: dict[str, str] = {}
    for folder, names in _walk(root, paths, skipped):
        if folder is not None:
            listed[folder] = looks.look(LISTED, folder)
        read |= {name: looks.look(READ, name) for name in names}
    return Seen(read=read, listed=listed)


def stamps(root: Path, skipped: Iterable[Path] = ()) -> Stamps:
    """What tells of any change in the repository, without reading it."""
    found: Stamps = {}
    for _, names in _walk(root, ["."], skipped):
        for name in names:
            try:
                status = (root / name).lstat()
            except OSError:
                found[name] = ()
                continue
            found[name] = (
                *(status.st_ino, status.st_mode, status.st_size),
                *(status.st_mtime_ns, status.st_ctime_ns),
            )
    return found


def _walk(
    root: Path, paths: Iterable[str], skipped: Iterable[Path]
) -> Iterator[tuple[str | None, list[str]]]:
    """Folders and the files in each; a file of its own comes without a folder.

    A link to a folder counts as a file: what lies behind it is walked where it lies.
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
                if name not in path_states.KEPT_BY_TOOLS and str(Path(folder, name)) not in left_out
            )
            relative = os.path.relpath(folder, root)
            yield relative, [os.path.normpath(f"{relative}/{name}") for name in (*names, *links)]
