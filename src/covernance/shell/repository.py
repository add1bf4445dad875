"""The repository that a command works on."""

from __future__ import annotations

import os
from pathlib import Path

from covernance.config import Table, find_root, load


def here() -> Table:
    """Load the nearest table and change to its folder, as coverage.py and pytest expect."""
    root = find_root(Path.cwd())
    os.chdir(root)
    return load(root)
