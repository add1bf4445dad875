"""coverage.py, for several reports of the same data: each source is analysed once, or never.

coverage.py parses every source again for every report. Here its reporters are given the analyses
that are kept by content, and the results are those of its own (`tests/integration/test_reports.py`
holds its commands against it). What this needs of coverage.py beyond its documented interface are
the methods that are overridden below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from coverage import Coverage
from coverage.files import GlobMatcher, prep_patterns
from coverage.plugin import CodeRegion, FileReporter
from coverage.python import PythonFileReporter
from coverage.types import TArc, TLineNo, TMorf, TMorfs

from covernance_agent.analysis import Rules
from covernance_agent.analysis_cache import AnalysisCache
from covernance_agent.settings import ConfigFile
from covernance_agent.source import Source, unpacked


class KnownFile(PythonFileReporter):
    """A source whose analysis is known; it is parsed only for what that leaves out."""

    def __init__(self, morf: TMorf, coverage: Coverage, known: Source) -> None:
        """Report on `morf`, whose analysis is `known`."""
        super().__init__(morf, coverage)
        self.known = known

    @cached_property
    def _arcs(self) -> set[TArc]:
        return set(map(unpacked, self.known.steps))

    def lines(self) -> set[TLineNo]:
        """The lines that must run."""
        return self.known.statements

    def excluded_lines(self) -> set[TLineNo]:
        """The lines that need not run."""
        return self.known.excluded

    def no_branch_lines(self) -> set[TLineNo]:
        """The lines whose branches need not all be taken."""
        return self.known.no_branch

    def multiline_map(self) -> dict[TLineNo, TLineNo]:
        """The first line of each statement that spans several."""
        return self.known.first_lines

    def translate_lines(self, lines: Iterable[TLineNo]) -> set[TLineNo]:
        """What recorded lines count as."""
        return {self.known.line(line) for line in lines}

    def arcs(self) -> set[TArc]:
        """The steps that the code allows."""
        return self._arcs

    def translate_arcs(self, arcs: Iterable[TArc]) -> set[TArc]:
        """What recorded steps count as."""
        recorded, settled = set(arcs), self._arcs - self.known.jumps.keys()
        others = {self.known.arc(arc) for arc in recorded - settled}
        return (recorded & settled) | {arc for arc in others if arc}

    def exit_counts(self) -> dict[TLineNo, int]:
        """How many lines can follow each line that several can; no report asks for others."""
        return self.known.exits

    def arc_description(self, start: TLineNo, end: TLineNo) -> str:
        """What a step does, in words; coverage.py's own expects the steps to be known by then."""
        self.parser.arcs()
        return super().arc_description(start, end)

    def code_regions(self) -> Iterable[CodeRegion]:
        """The functions and classes."""
        return [
            CodeRegion(kind=one.kind, name=one.name, start=one.start, lines=one.lines)
            for one in self.known.decoded_regions()
        ]


class Reporting(Coverage):
    """Combined data, opened for reports that share the analyses of the sources."""

    def __init__(self, data_file: Path, analyses: Path, config_file: ConfigFile) -> None:
        """Open `data_file`; analyses are stored in the folder `analyses`."""
        super().__init__(data_file=str(data_file), config_file=config_file)
        self._analyses = analyses
        self._known: dict[Path, KnownFile] | None = None

    def files(self) -> dict[str, FileReporter]:
        """What the reports are about: every measured file that is not left out of them."""
        files = [(reporter, str(morf)) for reporter, morf in self._get_file_reporters()]
        if included := _patterns(self.get_option("report:include")):
            files = [one for one in files if GlobMatcher(included).match(one[0].filename)]
        if omitted := _patterns(self.get_option("report:omit")):
            files = [one for one in files if not GlobMatcher(omitted).match(one[0].filename)]
        return {name: reporter for reporter, name in sorted(files)}

    def _get_file_reporters(self, morfs: TMorfs = None) -> list[tuple[FileReporter, TMorf]]:
        with self.get_data().keep_db_open():
            files = super()._get_file_reporters(morfs)
        if morfs is not None:
            return files
        if self._known is None:
            self._known = self._analysed(files)
        # The others are new each time: coverage.py's can't be asked again after an error.
        return [(self._known.get(Path(one.filename), one), morf) for one, morf in files]

    def _analysed(self, files: Sequence[tuple[FileReporter, TMorf]]) -> dict[Path, KnownFile]:
        python = {
            Path(one.filename): morf for one, morf in files if type(one) is PythonFileReporter
        }
        sources = AnalysisCache(self._analyses, self._rules()).sources(python)
        return {path: KnownFile(python[path], self, one) for path, one in sources.items()}

    def _rules(self) -> Rules:
        return Rules(exclude=tuple(self.get_exclude_list("exclude")), partial=self._partial())

    def _partial(self) -> tuple[str, ...]:
        names = ("report:partial_branches", "report:partial_branches_always")
        return tuple(one for name in names for one in _strings(self.get_option(name)))

    def _prepare_data_for_reporting(self) -> None:
        """Nothing: what `combine` wrote has the names that [paths] gives already."""


def _patterns(option: object) -> list[str]:
    return prep_patterns(_strings(option))


def _strings(option: object) -> list[str]:
    return [str(one) for one in option] if isinstance(option, list) else []
