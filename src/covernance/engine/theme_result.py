"""The result of one theme of a suite, whichever engine ran its tests."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance.engine.record import RECORD, Record

JUNIT = "tests.junit.xml"
"""The file in a theme's folder in which the agent's plugin reports its tests."""

REQUESTED_JUNIT = "requested.junit.xml"
"""The file in a theme's folder for which an option asks; the name is the agent's."""

_USAGE_ERROR = 4
_NO_TESTS = 5


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """The file with what a theme's processes read, and the process that began it.

    Attributes:
        file: The trace, in the format of `covernance.reuse.trace_file`.
        parent: The id of the process that started the traced process.
        arguments: The arguments of the traced process.
    """

    file: Path
    parent: int
    arguments: tuple[str, ...]


class ThemeResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one theme of one suite.

    Attributes:
        suite: The suite.
        theme: One of its themes, or `unthemed` for the tests without a theme.
        status: pytest's exit status; if negative, the signal that ended it.
        seconds: Wall time.
        record: The record of the agent's plugin, or None if pytest died before it could write one.
        folder: The folder with the theme's data files, record and output.
        trace: The trace, or None if nothing was traced.
    """

    suite: str
    theme: str
    status: int
    seconds: float
    record: Record | None
    folder: Path
    trace: Trace | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The data files, and the record and the JUnit XML if there are any."""
        others = (self.folder / RECORD, self.junit)
        return (*self.data_files, *(path for path in others if path.is_file()))

    @property
    def junit(self) -> Path:
        """The JUnit XML, which is missing if pytest died."""
        return self.folder / JUNIT

    @property
    def requested_junit(self) -> Path:
        """The JUnit XML for which an option asks, which is missing if none does."""
        return self.folder / REQUESTED_JUNIT

    @property
    def data_files(self) -> tuple[Path, ...]:
        """The files with coverage data."""
        return tuple(sorted(path for path in self.folder.glob(".coverage*") if path.is_file()))

    @property
    def output(self) -> str:
        """The output of pytest; empty if it was written to the terminal."""
        try:
            text = output_file(self.folder).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return text.rstrip()

    @property
    def is_whole(self) -> bool:
        """Whether every test that was selected ran to its end."""
        return self.record is not None and self.record.complete

    @property
    def has_no_tests(self) -> bool:
        """Whether pytest found no test to run."""
        return self.status == _NO_TESTS

    @property
    def was_rejected(self) -> bool:
        """Whether pytest rejected its arguments, and so ran nothing."""
        return self.status == _USAGE_ERROR

    @property
    def has_unknown_markers(self) -> bool:
        """Whether the table names markers that there are not, so that no test ran."""
        return self.record is not None and bool(self.record.unknown_markers)

    @property
    def ended_well(self) -> bool:
        """Whether pytest's exit status reports success, or that there were no tests."""
        return self.status == 0 or self.has_no_tests


def output_file(folder: Path) -> Path:
    """The file for pytest's output in the folder of a theme."""
    return folder / "output.txt"
