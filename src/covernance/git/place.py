"""Where a folder stands in the checkout that it belongs to.

Services that read a repository from outside know files by their paths from the checkout's root;
the table, pytest and coverage.py know them by those from the project's folder.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from covernance.errors import MachineError
from covernance.git.runner import Git


class Place(NamedTuple):
    """A folder of a checkout.

    Attributes:
        top: The root of the checkout; the folder itself outside of one.
        prefix: The path from there to the folder; "" if they are the same.
    """

    top: Path
    prefix: str

    def from_top(self, path: str) -> str:
        """Return a path from the checkout's root, given from the folder."""
        return str(PurePosixPath(self.prefix, path))


def find_place(folder: Path) -> Place:
    """Find where a folder stands in its checkout."""
    try:
        output = Git(folder).run("rev-parse", "--show-toplevel", "--show-prefix")
    except MachineError:
        return Place(folder, "")
    top, prefix = (os.fsdecode(line) for line in output.split(b"\n")[:2])
    return Place(Path(top), prefix.removesuffix("/"))
