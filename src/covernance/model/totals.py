"""Sums of counts over files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from covernance.model.counts import Counts
from covernance.model.snapshot import FileCell, FileResult


def sum_files(files: Mapping[str, FileResult]) -> Counts:
    """Add up the counts of all files."""
    return _sum(result.total for result in files.values())


def sum_theme(files: Mapping[str, FileResult], theme: str) -> FileCell:
    """Add up the counts of one theme over all files."""
    cells = [result.themes[theme] for result in files.values()]
    return FileCell(
        raw=_sum(cell.raw for cell in cells), earned=_sum(cell.earned for cell in cells)
    )


def _sum(counts: Iterable[Counts]) -> Counts:
    return reduce(Counts.__add__, counts, Counts())
