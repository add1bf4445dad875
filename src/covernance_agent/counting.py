"""The counts of every file and theme, from coverage data and the analyses of the sources."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from coverage.exceptions import CoverageException, NotPython
from coverage.plugin import FileReporter

from covernance_agent import garbage
from covernance_agent.failures import UNREADABLE, InputError
from covernance_agent.parallel import share
from covernance_agent.reporting import KnownFile, Reporting
from covernance_agent.scan import scan
from covernance_agent.slices import Code, FileResult, file_result, group
from covernance_agent.source import Arc, Counted, branches, forks
from covernance_agent.unreadable import explain_unreadable

_PARALLEL_MIN_FILES = 50
"""From this many files on, counting takes longer than forking processes."""


@garbage.seldom()
def file_results(cov: Reporting, themes: Sequence[str]) -> dict[str, FileResult]:
    """Count every file in the data of `cov`, in the order of the file names.

    Returns an empty mapping if there is nothing to report on.

    Raises:
        InputError: A measured source can't be read or parsed, or the data is damaged.
    """
    reporters = cov.files()
    data_file, arcs = Path(cov.get_data().data_filename()), cov.get_data().has_arcs()

    def count_files(names: Iterable[str]) -> dict[str, FileResult]:
        grouped = partial(group, themes=set(themes))
        return {
            reporters[name].relative_filename(): file_result(code, ran, themes, branches=arcs)
            for name, ran in scan(data_file, grouped, names)
            if (code := _code(reporters[name], cov))
        }

    if len(reporters) < _PARALLEL_MIN_FILES:
        return dict(sorted(count_files(reporters).items()))
    encoded_parts = share([*reporters], lambda names: marshal.dumps(count_files(names)))
    parts = [marshal.loads(content) for content in encoded_parts]  # noqa: S302 - from forks of this process
    return dict(sorted(item for part in parts for item in part.items()))


def _code(reporter: FileReporter, cov: Reporting) -> Code | None:
    """The code of a file; None if it does not count, as in coverage.py's reports."""
    if isinstance(reporter, KnownFile):
        return reporter.known
    try:
        return _PluginFile(reporter)
    except (CoverageException, *UNREADABLE) as error:
        if isinstance(error, NotPython) and not reporter.should_be_python():  # type: ignore[attr-defined]
            return None
        if cov.get_option("report:ignore_errors"):
            return None
        name = reporter.relative_filename()
        raise InputError(explain_unreadable(error, name)) from error


class _PluginFile:
    """A file that only its own reporter can analyse, such as a template measured by a plugin."""

    def __init__(self, reporter: FileReporter) -> None:
        self._reporter = reporter
        self.statements = reporter.lines()
        self.excluded = reporter.excluded_lines()
        self.exits = forks(reporter.exit_counts())
        self.branches = branches(
            reporter.arcs(), self.exits, reporter.no_branch_lines(), reporter.excluded_lines()
        )
        self.settled: tuple[int, ...] = ()

    def counted(self, steps: Iterable[Arc]) -> Iterator[Counted]:
        for start, end in steps:
            lines = [self._reporter.translate_lines([line]) for line in (start, end)]
            # coverage.py translates twice; see `covernance_agent.source.Source.counted`.
            translated = self._reporter.translate_arcs([(start, end)])
            arcs = self._reporter.translate_arcs(translated)
            first, last = (next(iter(line)) for line in lines)
            yield first, last, next(iter(arcs), None)
