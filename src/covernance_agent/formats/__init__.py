"""coverage.py's file reports: one module per format, `<name>_report`, with a function `write`.

The list of formats is in the tool (`covernance.report_formats`), which names one per report.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from coverage import Coverage
from coverage.exceptions import CoverageException

from covernance_agent.failures import InputError, MachineError


class FileReport(NamedTuple):
    """A report to write.

    Attributes:
        format: Its format.
        path: The file or, for HTML, the folder to write; it must not exist yet.
        title: The name that readers see.
        others: Folders of earlier reports, from which equal pages are linked; they need not exist
            or be reports.
        contexts: Whether to list the contexts of every line, if the format can.
    """

    format: str
    path: Path
    title: str
    others: tuple[Path, ...] = ()
    contexts: bool = False


def write_report(cov: Coverage, report: FileReport) -> None:
    """Write a report of combined data.

    Raises:
        InputError: A source can't be read or parsed.
        MachineError: The report can't be written.
    """
    module = import_module(f"{__name__}.{report.format}_report")
    with _translate_errors(report):
        report.path.parent.mkdir(parents=True, exist_ok=True)
        module.write(cov, report)


@contextmanager
def _translate_errors(report: FileReport) -> Iterator[None]:
    try:
        yield
    except CoverageException as error:
        msg = f"{report.format} report: {error}"
        raise InputError(msg) from error
    except OSError as error:
        msg = f"{report.format} report: {report.path}: can't be written: {error.strerror}"
        raise MachineError(msg) from error
