"""The counts of every file and theme, from coverage data and the analyses of the sources."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from coverage.exceptions import CoverageException, NotPython
from coverage.plugin import FileReporter

from covernance_agent import garbage
from covernance_agent.failures import InputError
from covernance_agent.parallel import share
from covernance_agent.reporting import KnownFile, Reporting
from covernance_agent.scan import scan
from covernance_agent.slices import Code, FileResult, file_result, group
from covernance_agent.source import Arc, Counted, branches, forks

_WORTH_COPIES = 50
"""From so many files on, counting them takes longer than processes take to be copied."""


@garbage.seldom()
def file_results(cov: Reporting, themes: Sequence[str]) -> dict[str, FileResult]:
    """Count every file of `cov`'s data, in the order of their names.

    Returns an empty mapping where there is nothing to report on.

    Raises:
        InputError: A measured source can't be read or parsed, or the data is damaged.
    """
    reporters = cov.files()
    data_file, arcs = Path(cov.get_data().data_filename()), cov.get_data().has_arcs()

    def counted(names: Iterable[str]) -> dict[str, FileResult]:
        grouped = partial(group, themes=set(themes))
        return {
            reporters[name].relative_filename(): file_result(code, ran, themes, branches=arcs)
            for name, ran in scan(data_file, grouped, names)
            if (code := _code(reporters[name], cov))
        }

    if len(reporters) < _WORTH_COPIES:
        return dict(sorted(counted(reporters).items()))
    made = share([*reporters], lambda names: marshal.dumps(counted(names)))
    # From copies of this process.
    return dict(sorted(one for content in made for one in marshal.loads(content).items()))  # noqa: S302


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
        self.exits = forks(reporter.exit_counts())
        self.branches = branches(
            reporter.arcs(), self.exits, reporter.no_branch_lines(), reporter.excluded_lines()
        )
        self.settled: tuple[int, ...] = ()

    def counted(self, steps: Iterable[Arc]) -> Iterator[Counted]:
        for start, end in steps:
            lines = [self._reporter.translate_lines([line]) for line in (start, end)]
            once = self._reporter.translate_arcs([(start, end)])
            arcs = self._reporter.translate_arcs(once)
            first, last = (next(iter(line)) for line in lines)
            yield first, last, next(iter(arcs), None)
