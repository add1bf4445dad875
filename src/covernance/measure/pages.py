"""coverage.py's HTML report, of which pages that would be the same again are taken over.

coverage.py keeps such pages where it writes over its last report. Here a report is written aside
and then moved, so its settings name another folder each time; and its own check does not look at
the contexts that a page shows. What is overridden below are its names of 7.17.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import coverage
import msgspec
from coverage.config import CoverageConfig
from coverage.control import override_config
from coverage.html import FileInfo, FileToReport, HtmlReporter, IncrementalChecker, IndexItem

from covernance.measure.executed import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coverage import CoverageData

    from covernance.measure.reporting import Reporting


def write_html(cov: Reporting, folder: Path, last: Path | None, *, title: str) -> None:
    """Write the report of `cov` to a new folder.

    Pages whose source, data and settings are those of the report in `last` are linked from there;
    they show the time at which they were written. `last` may be missing, or be anything else.
    """
    with (
        override_config(cov, html_dir=str(folder), html_title=title, show_contexts=True),
        cov.get_data().keep_db_open(),
        _opened(last) as descriptor,
    ):
        reporter = HtmlReporter(cov)
        reporter.incr = _Pages(folder, descriptor, _fingerprints(cov.get_data()))
        reporter.report(None)


@contextmanager
def _opened(folder: Path | None) -> Iterator[int | None]:
    """Hold on to a folder, even if another run puts its own in that place."""
    descriptor = None
    if folder is not None:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _fingerprints(data: CoverageData) -> dict[str, bytes]:
    """What ran of each file, in which context."""
    return {
        path: msgspec.json.encode(sorted((context, sorted(ran)) for context, ran in found.items()))
        for path, found in scan(Path(data.data_filename()), str)
    }


class _Entry(msgspec.Struct):
    hash: str


class _Status(msgspec.Struct):
    """Of `status.json`, what tells which page is of what."""

    globals: str
    files: dict[str, _Entry]


class _Pages(IncrementalChecker):
    """Knows which pages of an earlier report are what this one would write."""

    def __init__(self, folder: Path, last: int | None, fingerprints: Mapping[str, bytes]) -> None:
        super().__init__(str(folder))
        self._last = last
        self._fingerprints = fingerprints
        self._hashes: dict[str, str] = {}

    def read(self) -> None:
        """Begin with nothing; the last report is read once its settings can be compared."""
        self._reset()

    def check_global_data(self, *data: object) -> None:
        """Forget the last report unless its settings were these; where files lie is none."""
        tools = (coverage.__version__, sys.version)
        super().check_global_data(*(_placeless(one) for one in data), *tools)
        status = self._status()
        if status and status.globals == self.globals:
            self._hashes = {name: entry.hash for name, entry in status.files.items()}

    def _status(self) -> _Status | None:
        if self._last is None:
            return None
        with suppress(OSError, msgspec.MsgspecError):
            descriptor = os.open(self.STATUS_FILE, os.O_RDONLY, dir_fd=self._last)
            with os.fdopen(descriptor, "rb") as stream:
                return msgspec.json.decode(stream.read(), type=_Status)
        return None

    def can_skip_file(self, data: CoverageData, ftr: FileToReport) -> bool:  # noqa: ARG002 - coverage.py's signature
        """Take over the page of a file that is the same, if it is there."""
        seen = hashlib.sha256()
        for part in (
            ftr.fr.source().encode(),
            self._fingerprints.get(ftr.analysis.filename, b""),
            ftr.prev_html.encode(),
            ftr.next_html.encode(),
        ):
            seen.update(b"%d:" % len(part) + part)
        info = FileInfo(hash=seen.hexdigest())
        self.files[ftr.rootname] = info
        if self._last is None or self._hashes.get(ftr.rootname) != info.hash:
            return False
        target = Path(self.directory, ftr.html_filename)
        try:
            os.link(ftr.html_filename, target, src_dir_fd=self._last, follow_symlinks=False)
        except OSError:
            return False
        info.index = IndexItem(
            url=ftr.html_filename, file=ftr.fr.relative_filename(), nums=ftr.analysis.numbers
        )
        return True


def _placeless(setting: object) -> Any:  # noqa: ANN401 - whatever coverage.py hashes
    if not isinstance(setting, CoverageConfig):
        return setting
    copy = setting.copy()
    copy.data_file = copy.html_dir = ""
    return copy
