"""A `Coverage` for several reports of the same data, which analyses each source at most once.

coverage.py parses every source again for every report. Here its reporters use the analyses
stored by content, and the results are the same (`tests/integration/test_reports.py` compares them
with those of its commands). Beyond the documented interface, this uses only the methods that are
overridden below.
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
    """A source with a stored analysis; it is parsed only for what the analysis lacks."""

    def __init__(self, morf: TMorf, coverage: Coverage, known: Source) -> None:
        """Report on `morf` with the analysis `known`."""
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
        """The lines that recorded lines count as."""
        return {self.known.line(line) for line in lines}

    def arcs(self) -> set[TArc]:
        """The possible steps in the code."""
        return self._arcs

    def translate_arcs(self, arcs: Iterable[TArc]) -> set[TArc]:
        """The steps that recorded steps count as."""
        recorded, settled = set(arcs), self._arcs - self.known.jumps.keys()
        translated = {self.known.arc(arc) for arc in recorded - settled}
        return (recorded & settled) | {arc for arc in translated if arc}

    def exit_counts(self) -> dict[TLineNo, int]:
        """The number of exits of each line that has several; no report needs other lines."""
        return self.known.exits

    def arc_description(self, start: TLineNo, end: TLineNo) -> str:
        """Describe a step in words; coverage.py's own method needs the steps to be parsed first."""
        self.parser.arcs()
        return super().arc_description(start, end)

    def code_regions(self) -> Iterable[CodeRegion]:
        """The functions and classes."""
        return [
            CodeRegion(kind=region.kind, name=region.name, start=region.start, lines=region.lines)
            for region in self.known.decoded_regions()
        ]


class Reporting(Coverage):
    """A `Coverage` of combined data, whose reports share the analyses of sources."""

    def __init__(self, data_file: Path, analyses: Path, config_file: ConfigFile) -> None:
        """Open `data_file`; analyses are stored in the folder `analyses`."""
        super().__init__(data_file=str(data_file), config_file=config_file)
        self._analyses = analyses
        self._known: dict[Path, KnownFile] | None = None

    def files(self) -> dict[str, FileReporter]:
        """The files in the reports: every measured file that the settings do not leave out."""
        files = [(reporter, str(morf)) for reporter, morf in self._get_file_reporters()]
        if included := _patterns(self.get_option("report:include")):
            files = [file for file in files if GlobMatcher(included).match(file[0].filename)]
        if omitted := _patterns(self.get_option("report:omit")):
            files = [file for file in files if not GlobMatcher(omitted).match(file[0].filename)]
        return {name: reporter for reporter, name in sorted(files)}

    def _get_file_reporters(self, morfs: TMorfs = None) -> list[tuple[FileReporter, TMorf]]:
        with self.get_data().keep_db_open():
            files = super()._get_file_reporters(morfs)
        if morfs is not None:
            return files
        if self._known is None:
            self._known = self._analysed(files)
        # Other reporters are new each time: coverage.py's can't be reused after an error.
        return [
            (self._known.get(Path(reporter.filename), reporter), morf) for reporter, morf in files
        ]

    def _analysed(self, files: Sequence[tuple[FileReporter, TMorf]]) -> dict[Path, KnownFile]:
        python = {
            Path(reporter.filename): morf
            for reporter, morf in files
            if type(reporter) is PythonFileReporter
        }
        sources = AnalysisCache(self._analyses, self._rules()).sources(python)
        return {path: KnownFile(python[path], self, source) for path, source in sources.items()}

    def _rules(self) -> Rules:
        return Rules(exclude=tuple(self.get_exclude_list("exclude")), partial=self._partial())

    def _partial(self) -> tuple[str, ...]:
        names = ("report:partial_branches", "report:partial_branches_always")
        return tuple(pattern for name in names for pattern in _strings(self.get_option(name)))

    def _prepare_data_for_reporting(self) -> None:
        """Do nothing: `combine` has already mapped the file names by [paths]."""


def _patterns(option: object) -> list[str]:
    return prep_patterns(_strings(option))


def _strings(option: object) -> list[str]:
    return [str(item) for item in option] if isinstance(option, list) else []
