"""What is asked of an agent about coverage data: combine it, count it per theme, write reports."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance.model.snapshot import FileResult


class ReportFile(msgspec.Struct, frozen=True, kw_only=True):
    """A report to write.

    Attributes:
        format: The name of a format that is not for the terminal.
        path: The file or folder to write; it does not exist.
        title: What a reader sees as its name.
        others: Folders of earlier reports, from which pages that would be equal are linked.
        contexts: Whether the report names the contexts of every line, if its format can.
    """

    format: str
    path: Path
    title: str
    others: tuple[Path, ...] = ()
    contexts: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True, tag="report", tag_field="task"):
    """Combine data and report on it.

    Attributes:
        data: Data files, or folders of them; they are not changed.
        target: The file to combine them into; its folder may be missing.
        source: The sources, relative to the root.
        analyses: The folder in which the analyses of sources are stored.
        where: Where the data came from, if it must not name files outside of this repository.
        themes: What to count; None to count nothing.
        tests: A file to write which lines each test executed to, if the data knows of tests.
        contexts: Regular expressions of the only contexts that the reports show; None for all.
        reports: The reports.
        text: `term` or `term-missing`, for such a report as text.
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


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a `Report`.

    Attributes:
        data: Whether the data knows of any file; if not, nothing was written.
        files: The counts of each file.
        unreadable: Why the sources could not be counted; then no reports were written.
        text: The report as text.
        coverage: The version of coverage.py.
    """

    data: bool
    files: dict[str, FileResult] = {}
    unreadable: str = ""
    text: str = ""
    coverage: str = ""
