"""coverage.py's HTML report, with unchanged pages linked from earlier reports.

coverage.py keeps unchanged pages when it overwrites its last report. Here a report is written to a
new folder and then moved, so its settings name a different folder each time. coverage.py's own
check also ignores the contexts that a page shows. The overridden names are those of version 7.17.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import coverage
from coverage import Coverage, CoverageData
from coverage.config import CoverageConfig
from coverage.control import override_config
from coverage.html import FileInfo, FileToReport, HtmlReporter, IncrementalChecker, IndexItem

from covernance_agent.parallel import share
from covernance_agent.scan import scan


def write_linked(cov: Coverage, folder: Path, others: Iterable[Path], *, title: str) -> None:
    """Write the report of `cov` to a new folder.

    Pages whose source, data and settings are those of a report in `others` are linked from there;
    they show the time at which they were written. `others` need not exist or be reports.
    """
    settings = override_config(cov, html_dir=str(folder), html_title=title, show_contexts=True)
    with settings, _opened(others) as descriptors:
        _Reporter(cov, _Pages(folder, descriptors, _fingerprints(cov.get_data()))).report(None)


@contextmanager
def _opened(folders: Iterable[Path]) -> Iterator[list[int]]:
    """Open the folders that exist, so that they stay readable if another run replaces them."""
    with ExitStack() as stack:
        descriptors = []
        for folder in folders:
            with suppress(OSError):
                descriptors.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
                stack.callback(os.close, descriptors[-1])
        yield descriptors


def _fingerprints(data: CoverageData) -> dict[str, bytes]:
    """The steps that ran in each file, per context, as bytes to hash."""
    return {
        path: json.dumps(
            sorted((context, sorted(steps)) for context, steps in ran.items())
        ).encode()
        for path, ran in scan(Path(data.data_filename()), str, data.measured_files())
    }


class _Reporter(HtmlReporter):
    """Writes the pages of all files in parallel."""

    def __init__(self, cov: Coverage, pages: _Pages) -> None:
        super().__init__(cov)
        self.incr = pages
        self._files: list[FileToReport] = []

    def write_html_page(self, ftr: FileToReport) -> None:
        """Collect the file; its page is written with the others."""
        self._files.append(ftr)

    def write_file_index_page(self, first_html: str, final_html: str) -> None:
        """Write the pages of all files, then their index."""
        changed_files = [ftr for ftr in self._files if not self.incr.can_skip_file(self.data, ftr)]
        share(changed_files, self._write)
        self.index_pages["file"].summaries = [_indexed(ftr) for ftr in self._files]
        for ftr, item in zip(self._files, self.index_pages["file"].summaries):
            self.incr.set_index_info(ftr.rootname, item)
        super().write_file_index_page(first_html, final_html)

    def _write(self, files: Iterable[FileToReport]) -> bytes:
        # After a fork, the `CoverageData` of the parent process would erase its file.
        data = CoverageData(self.data.data_filename())
        data.read()
        data.set_query_contexts(self.config.report_contexts)
        self.datagen.data = data
        with data.keep_db_open():
            for ftr in files:
                super().write_html_page(ftr)
        return b""


def _indexed(ftr: FileToReport) -> IndexItem:
    return IndexItem(
        url=ftr.html_filename, file=ftr.fr.relative_filename(), nums=ftr.analysis.numbers
    )


class _Pages(IncrementalChecker):
    """Finds the pages of other reports that equal those of this one."""

    def __init__(
        self, folder: Path, others: Sequence[int], fingerprints: Mapping[str, bytes]
    ) -> None:
        super().__init__(str(folder))
        self._others = others
        self._fingerprints = fingerprints
        self._hashes: dict[int, dict[str, str]] = {}

    def read(self) -> None:
        """Start empty; other reports are read when their settings can be compared."""
        self._reset()

    def check_global_data(self, *data: object) -> None:
        """Read the reports with equal settings; the locations of files do not count."""
        tools = (coverage.__version__, sys.version)
        super().check_global_data(*(_comparable(setting) for setting in data), *tools)
        for other in self._others:
            # A folder that is not a report of coverage.py has no pages to link.
            with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
                status = self._status(other)
                if status["globals"] == self.globals:
                    files = status["files"].items()
                    self._hashes[other] = {name: entry["hash"] for name, entry in files}

    def _status(self, other: int) -> dict[str, Any]:
        descriptor = os.open(self.STATUS_FILE, os.O_RDONLY, dir_fd=other)
        with os.fdopen(descriptor, "rb") as stream:
            status: dict[str, Any] = json.loads(stream.read())
        return status

    def can_skip_file(self, data: CoverageData, ftr: FileToReport) -> bool:  # noqa: ARG002 - coverage.py's signature
        """Link the page of a file if another report has an equal one."""
        total = hashlib.sha256()
        for part in (
            ftr.fr.source().encode(),
            self._fingerprints.get(ftr.analysis.filename, b""),
            ftr.prev_html.encode(),
            ftr.next_html.encode(),
        ):
            total.update(b"%d:" % len(part) + part)
        self.files[ftr.rootname] = FileInfo(hash=total.hexdigest())
        return self._link(ftr, total.hexdigest())

    def _link(self, ftr: FileToReport, page_hash: str) -> bool:
        target = Path(self.directory, ftr.html_filename)
        for other, hashes in self._hashes.items():
            if hashes.get(ftr.rootname) == page_hash:
                with suppress(OSError):
                    os.link(ftr.html_filename, target, src_dir_fd=other, follow_symlinks=False)
                    return True
        return False


def _comparable(setting: object) -> Any:  # noqa: ANN401 - whatever coverage.py hashes
    """A setting without what no page of a file shows: locations, sources and the index title."""
    if not isinstance(setting, CoverageConfig):
        return setting
    copy = setting.copy()
    copy.data_file = copy.html_dir = copy.html_title = ""
    copy.config_file = copy.source = copy._config_contents = None  # noqa: SLF001 - coverage.py hashes it too
    copy.config_files_attempted = copy.config_files_read = []
    return copy
