"""Temporary folders for properties, which need a new one for each example."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def new_current_folder() -> Iterator[Path]:
    """Make a temporary folder the current one; `contextlib.chdir` needs Python 3.11."""
    before = Path.cwd()
    with TemporaryDirectory() as name:
        os.chdir(name)
        try:
            yield Path(name)
        finally:
            os.chdir(before)
