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


def folder_of(path: str) -> str:
    """The folder that a path lies in; `.` for the root."""
    return dirname(path) or "."


def folders_above(path: str) -> Iterator[str]:
    """The folders around a path below the root, nearest first."""
    while path := dirname(path):
        yield path
