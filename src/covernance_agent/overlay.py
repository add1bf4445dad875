"""What a run needs of coverage.py's settings, laid over those that are in force here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Union


def config_file(folder: Path, source: Sequence[str]) -> Union[str, bool]:  # noqa: ARG001 - see below
    """The `config_file` to give to `coverage.Coverage`, for the sources of a suite.

    Args:
        folder: Where a generated file is written.
        source: The suite's sources, relative to the current folder.
    """
    return True
