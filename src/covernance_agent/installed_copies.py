"""Copies of a suite's packages that are installed in this environment.

Many tools install a project as a copy and test that. While a copy is equal to the source, what ran
in it ran in the source too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from covernance_agent.mapped_packages import find_packages


class Copy(NamedTuple):
    """An installed copy of a package.

    Attributes:
        name: The package's dotted name.
        source: Its folder in the project, relative to the current folder.
        folder: Its folder in the environment.
    """

    name: str
    source: Path
    folder: Path

    @property
    def pattern(self) -> str:
        """A pattern of coverage.py for the folder, without characters that mean something there."""
        parts = self.folder.parts[-self.name.count(".") - 2 :]
        return "/".join(["*", *parts])

    def list_generated(self) -> list[str]:
        """List the patterns of files that are no copies: a build generated them."""
        names = (path.relative_to(self.folder) for path in sorted(self.folder.rglob("*.py")))
        return [
            f"{self.pattern}/{name.as_posix()}"
            for name in names
            if not (self.source / name).is_file()
        ]


def find_equal_copies(source: Sequence[str]) -> list[Copy]:
    """Find the installed copies of a suite's packages that have the content of the source.

    Args:
        source: The suite's sources, relative to the current folder, which is the root.
    """
    copies = (copy for path in source for copy in _find_copies(Path(path)))
    return [copy for copy in copies if not find_difference(copy.source, copy.folder)]


def find_difference(source: Path, copy: Path) -> str:
    """Find the first file of a copy that differs from the source; "" if all are equal.

    Files that only one side has do not differ: a build leaves some out, and generates others.

    Args:
        source: The folder of the project.
        copy: The folder in the environment.

    Returns:
        The file's path relative to both folders.
    """
    for path in sorted(copy.rglob("*.py")):
        name = path.relative_to(copy)
        if (source / name).is_file() and path.read_bytes() != (source / name).read_bytes():
            return name.as_posix()
    return ""


def _find_copies(path: Path) -> Iterator[Copy]:
    for name, folder in find_packages(path):
        for entry in dict.fromkeys(sys.path):
            copy = Path(entry, *name.split("."))
            if (copy / "__init__.py").is_file() and not copy.samefile(folder):
                yield Copy(name, folder, copy)
