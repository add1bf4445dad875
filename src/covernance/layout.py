"""The paths of results and reports, relative to the repository's root."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance.config import BASELINE, RESULTS
from covernance.report_formats import FORMATS


class Layout(msgspec.Struct, frozen=True):
    """The paths below `coverage/` of one repository."""

    root: Path

    @property
    def folder(self) -> Path:
        """The folder of all results."""
        return self.root / RESULTS

    @property
    def work(self) -> Path:
        """The work folder of running passes; on the same file system as the results."""
        return self.folder / "data" / ".work"

    @property
    def analyses(self) -> Path:
        """The cache of static analyses, by content of the source; may be deleted at any time."""
        return self.folder / "data" / ".analysis"

    @property
    def lock(self) -> Path:
        """The lock held while results are published, so that two runs do not mix theirs."""
        return self.folder / "data" / ".lock"

    @property
    def html(self) -> Path:
        """The landing page, with one folder per suite's report."""
        return self.folder / "html"

    @property
    def combined_html(self) -> Path:
        """coverage.py's HTML report of all suites together."""
        return self.html / "all"

    def data(self, suite: str) -> Path:
        """A suite's combined coverage data."""
        return self.folder / "data" / suite / ".coverage"

    def contexts(self, suite: str) -> Path:
        """Which test ran which line, from the last full run with one context per test."""
        return self.folder / "data" / suite / "contexts"

    @property
    def stamp(self) -> Path:
        """The record of which results the combined reports of all suites were generated from."""
        return self.folder / "data" / BASELINE / "stamp.json"

    def evidence(self, suite: str) -> Path:
        """The record of what a suite's last passing full run depended on."""
        return self.folder / "data" / suite / "evidence.json"

    def report(self, suite: str, kind: str) -> Path:
        """A suite's report in one of `covernance.report_formats`."""
        return self.html / suite if _is_folder(kind) else self.folder / f"{suite}.{kind}"

    def partial(self, suite: str, kind: str) -> Path:
        """A report of a partial run, separate from those of full runs."""
        separator = "-" if _is_folder(kind) else "."
        return self.folder / "partial" / f"{suite}{separator}{kind}"

    def snapshot(self, suite: str) -> Path:
        """A suite's last full result."""
        return self.folder / f"{suite}.snapshot.json"

    def junit(self, suite: str) -> Path:
        """The JUnit XML of a suite's last full run: each test once, with its themes."""
        return self.folder / f"{suite}.junit.xml"

    def part(self, name: str) -> Path:
        """The result of one shard of a suite, for `covernance collect`."""
        return self.folder / "parts" / name

    @property
    def plan(self) -> Path:
        """What each job of a CI matrix runs, and the durations by which tests are split."""
        return self.folder / "plan.json"

    @property
    def baseline(self) -> Path:
        """The JSON report of all suites together, with contexts."""
        return self.folder / f"{BASELINE}.json"


def _is_folder(kind: str) -> bool:
    """Whether reports of a kind are folders; the kind may be another than coverage.py's."""
    return kind in FORMATS and FORMATS[kind].is_folder
