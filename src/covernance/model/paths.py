"""Questions about repository paths as git writes them: relative to the root, with slashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from posixpath import dirname


def is_below(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is inside one of the folders, or is one of them."""
    return any(PurePosixPath(path).is_relative_to(folder) for folder in folders)


def is_test(path: str) -> bool:
    """Whether a file's name is one from which pytest collects tests by default."""
    name = PurePosixPath(path).name
    return name.startswith("test_") or name.endswith("_test.py")


def find_folder(path: str) -> str:
    """Return the folder that contains a path; `.` for the root."""
    return dirname(path) or "."


def list_folders_above(path: str) -> Iterator[str]:
    """Yield the folders that contain a path, nearest first, without the root."""
    while path := dirname(path):
        yield path
