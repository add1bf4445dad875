"""Open coverage.py's data files with any supported version of coverage.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coverage import CoverageData


@contextmanager
def opened(path: Path) -> Iterator[CoverageData]:
    """Open a data file for reading or writing; it is closed at the end of the block.

    Before coverage 7.10.3, data has no `close`; it is closed when it is garbage collected.
    """
    data = CoverageData(basename=str(path))
    try:
        yield data
    finally:
        if hasattr(data, "close"):
            data.close()
