"""Open coverage.py's data files, whichever version of it is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coverage import CoverageData


@contextmanager
def opened(path: Path) -> Iterator[CoverageData]:
    """The data of a file, to be read or written, and closed at the end of the block.

    Before coverage 7.10.3 data has no `close`; it is closed when nothing refers to it any more.
    """
    data = CoverageData(basename=str(path))
    try:
        yield data
    finally:
        if hasattr(data, "close"):
            data.close()
