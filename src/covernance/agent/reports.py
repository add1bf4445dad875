"""The agent's task for coverage data: combine it, count it per theme, write reports."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance.model.effects import CoverageSettings
from covernance.model.snapshot import FileResult


class ReportFile(msgspec.Struct, frozen=True, kw_only=True):
    """A report to write.

    Attributes:
        format: The name of a format that is not for the terminal.
        path: The file or folder to write; it must not exist yet.
        title: The title of the report.
        others: Folders of earlier reports; pages that would be identical are linked from there.
        contexts: Whether to list the contexts of every line, if the format supports it.
    """

    format: str
    path: Path
    title: str
    others: tuple[Path, ...] = ()
    contexts: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True, tag="report", tag_field="task"):
    """The task to combine coverage data, count it and write reports.

    Attributes:
        data: Data files or folders of data files, which are not changed.
        target: The file for the combined data; its folder is created if necessary.
        source: The sources, relative to the root.
        analyses: The folder of cached analyses of sources.
        where: The origin of the data, if it must not name files outside of this repository.
        themes: The themes to count; None to count nothing.
        tests: A file for the lines that each test executed, if the data has contexts per test.
        contexts: Regular expressions of the contexts to report; None for all.
        reports: The reports to write.
        text: `term` or `term-missing` to return that report as text.
        inventory: The sources that should be measured; the others are explained.
    """

    data: tuple[Path, ...]
    target: Path
    source: tuple[str, ...]
    analyses: Path
    where: str | None = None
    themes: tuple[str, ...] | None = None
    tests: Path | None = None
    contexts: tuple[str, ...] | None = None
    reports: tuple[ReportFile, ...] = ()
    text: str | None = None
    inventory: tuple[str, ...] = ()


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a `Report` task.

    Attributes:
        data: Whether the data contains any file; if not, nothing was written.
        files: The counts of each file.
        unreadable: Why the sources could not be counted, in which case no reports were written.
        text: The report as text.
        coverage: The version of coverage.py.
        settings: coverage.py's settings in force, without what a run replaces.
        unmeasured: Files of the task's inventory that were not measured, and why.
    """

    data: bool
    files: dict[str, FileResult] = {}
    unreadable: str = ""
    text: str = ""
    coverage: str = ""
    settings: CoverageSettings | None = None
    unmeasured: dict[str, str] = {}
