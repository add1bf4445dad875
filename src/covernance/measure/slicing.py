"""The counts of every file and theme, from coverage data and the analyses of the sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from coverage.exceptions import CoverageException, NotPython
from coverage.plugin import FileReporter

from covernance.errors import InputError
from covernance.measure.executed import scan
from covernance.measure.reporting import KnownFile, Reporting
from covernance.model.slices import Code, Group, file_result, group
from covernance.model.snapshot import FileResult
from covernance.model.source import Arc, Counted


def file_results(cov: Reporting, themes: Sequence[str]) -> dict[str, FileResult]:
    """Count every file of `cov`'s data, in the order of their names.

    Returns an empty mapping where there is nothing to report on.

    Raises:
        InputError: A measured source can't be read or parsed, or the data is damaged.
    """
    data = cov.get_data()
    branches = data.has_arcs()
    reporters = cov.files()
    results: dict[str, FileResult] = {}

    def count(name: str, ran: Mapping[Group, set[str]]) -> None:
        if (reporter := reporters.pop(name, None)) and (code := _code(reporter, cov)):
            results[reporter.relative_filename()] = file_result(
                code, ran, themes, branches=branches
            )

    if reporters:
        for name, ran in scan(Path(data.data_filename()), partial(group, themes=set(themes))):
            count(name, ran)
        for name in list(reporters):
            count(name, {})
    return dict(sorted(results.items()))


def _code(reporter: FileReporter, cov: Reporting) -> Code | None:
    """What could run of a file; None where it does not count, as in coverage.py's reports."""
    if isinstance(reporter, KnownFile):
        return reporter.known
    try:
        return _Unknown(reporter)
    except (CoverageException, SyntaxError, ValueError, RecursionError) as error:
        if isinstance(error, NotPython) and not reporter.should_be_python():  # type: ignore[attr-defined]
            return None
        if cov.get_option("report:ignore_errors"):
            return None
        msg = f"coverage.py can't analyse the sources: {error}"
        raise InputError(msg) from error


class _Unknown:
    """A file that only its reporter understands, such as a template that a plugin measures."""

    def __init__(self, reporter: FileReporter) -> None:
        self._reporter = reporter
        self.statements = reporter.lines()
        self.excluded = reporter.excluded_lines()
        self.no_branch = reporter.no_branch_lines()
        self.arcs = reporter.arcs()
        self.settled: tuple[Arc, ...] = ()

    def counted(self, steps: Iterable[Arc]) -> Iterator[Counted]:
        for start, end in steps:
            lines = [self._reporter.translate_lines([line]) for line in (start, end)]
            once = self._reporter.translate_arcs([(start, end)])
            arcs = self._reporter.translate_arcs(once)
            first, last = (next(iter(line)) for line in lines)
            yield first, last, next(iter(arcs), None)

    def exits(self) -> Mapping[int, int]:
        return self._reporter.exit_counts()
