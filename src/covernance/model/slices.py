"""Counts per file and theme, from coverage data.

The layer's numbers are coverage.py's own: the same iteration over files (omit, include and
exclusions applied) and the same `Analysis` that `coverage report` uses, asked once for all
contexts and then for each theme. The contexts of a theme are `<theme>` for what importing and
collecting executed and `<theme>|run` for what its tests executed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import NamedTuple

from coverage import Coverage, CoverageData
from coverage.exceptions import CoverageException, NoDataError
from coverage.plugin import FileReporter
from coverage.report_core import get_analysis_to_report
from coverage.results import Analysis, analysis_from_file_reporter

from covernance.errors import InputError
from covernance.model import lines
from covernance.model.counts import Counts
from covernance.model.snapshot import FileCell, FileResult

Branches = dict[int, tuple[int, int]]

RUN = "run"
"""The dynamic part of a context, from the end of collection on."""


def pattern(theme: str) -> str:
    """A `--contexts` regular expression for all of a theme, anchored on both sides."""
    return rf"^{theme}(\||$)"


def file_results(cov: Coverage, themes: Iterable[str]) -> dict[str, FileResult]:
    """Analyse every file of `cov`'s data, in the order of their names.

    Returns an empty mapping where there is nothing to report on.

    Raises:
        InputError: A measured source file can't be read or parsed.
    """
    data = cov.get_data()
    results = {}
    try:
        for reporter, analysis in get_analysis_to_report(cov, None):
            cells = {theme: _cell(data, reporter, analysis.filename, theme) for theme in themes}
            imported = frozenset[int]().union(*(cell.imported for cell in cells.values()))
            results[reporter.relative_filename()] = FileResult(
                total=_counts(analysis),
                themes={theme: cell.result for theme, cell in cells.items()},
                executed_lines=lines.encode(analysis.executed),
                missing_lines=lines.encode(analysis.missing),
                imported_lines=lines.encode(imported),
                branches=dict(sorted(analysis.branch_stats().items())),
                missing_branches=tuple(
                    (start, end)
                    for start, ends in sorted(analysis.missing_branch_arcs().items())
                    if start not in analysis.missing
                    for end in ends
                ),
            )
            data.set_query_contexts(None)
    except NoDataError:
        return {}
    except CoverageException as error:
        msg = f"coverage.py can't analyse the sources: {error}"
        raise InputError(msg) from error
    finally:
        data.set_query_contexts(None)
    return dict(sorted(results.items()))


def total(files: Mapping[str, FileResult]) -> Counts:
    """The counts of all files together."""
    return _sum(result.total for result in files.values())


def theme_total(files: Mapping[str, FileResult], theme: str) -> FileCell:
    """The counts of one theme over all files."""
    cells = [result.themes[theme] for result in files.values()]
    return FileCell(
        raw=_sum(cell.raw for cell in cells), earned=_sum(cell.earned for cell in cells)
    )


class _Cell(NamedTuple):
    result: FileCell
    imported: frozenset[int]


def _cell(data: CoverageData, reporter: FileReporter, filename: str, theme: str) -> _Cell:
    data.set_query_contexts([pattern(theme)])
    everything = analysis_from_file_reporter(data, 0, reporter, filename)
    data.set_query_context(theme)
    imported = analysis_from_file_reporter(data, 0, reporter, filename)
    raw = _counts(everything)
    result = FileCell(
        raw=raw,
        earned=raw.beyond(_counts(imported)),
        executed_lines=lines.encode(everything.executed),
        earnable=lines.encode(imported.missing),
        earnable_branches=_beyond(everything.branch_stats(), imported.branch_stats()),
    )
    return _Cell(result, frozenset(imported.executed))


def _beyond(raw: Branches, imported: Branches) -> Branches:
    """What is left of each line's branches once those that importing took are out."""
    left = {
        line: (exits - imported[line][1], taken - imported[line][1])
        for line, (exits, taken) in sorted(raw.items())
    }
    return {line: counts for line, counts in left.items() if counts[0]}


def _counts(analysis: Analysis) -> Counts:
    numbers = analysis.numbers
    return Counts(
        numbers.n_statements,
        numbers.n_executed,
        numbers.n_branches,
        numbers.n_executed_branches,
    )


def _sum(counts: Iterable[Counts]) -> Counts:
    return reduce(Counts.__add__, counts, Counts())
