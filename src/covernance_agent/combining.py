"""Combine data files, and write coverage.py's own reports of the result."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from coverage import Coverage, CoverageData
from coverage.control import override_config
from coverage.exceptions import CoverageException, NoDataError

from covernance.engine.arguments import Format
from covernance.errors import ConfigError, InputError, MachineError
from covernance_agent import json_report
from covernance_agent.html_report import write_html
from covernance_agent.reporting import Reporting


def check_settings() -> None:
    """Refuse settings of coverage.py under which the numbers would be wrong.

    Raises:
        ConfigError: The configuration of coverage.py in this folder can't be read, or lacks
            `relative_files` (data from two checkouts would count twice), `patch = subprocess`
            (pytest-xdist's workers would record nothing) or `branch`.
    """
    try:
        settings = Coverage()
        missing = [
            setting
            for setting, present in {
                "branch = true": settings.get_option("run:branch"),
                "relative_files = true": settings.get_option("run:relative_files"),
                "patch = subprocess": "subprocess" in _list(settings.get_option("run:patch")),
            }.items()
            if not present
        ]
    except CoverageException as error:
        msg = f"coverage.py's configuration: {error}"
        raise ConfigError(msg) from error
    if missing:
        msg = (
            f"coverage.py's configuration: [run] lacks {', '.join(missing)}; add it to .coveragerc"
        )
        raise ConfigError(msg)


def combine(sources: Sequence[Path], target: Path) -> bool:
    """Combine the data files in `sources` (folders or files) into `target`, keeping them.

    Returns whether they know of any file.

    Raises:
        InputError: A data file is damaged.
    """
    for path in _data_files(sources):
        _refuse_damage(path)
    cov = Coverage(data_file=str(target))
    try:
        cov.combine([str(source) for source in sources], strict=True, keep=True)
        cov.save()
    except NoDataError:
        return False
    except CoverageException as error:
        msg = f"coverage data can't be combined: {error}; run the suite again"
        raise InputError(msg) from error
    except (sqlite3.Error, OSError) as error:
        msg = f"{target}: coverage data can't be written: {error}"
        raise MachineError(msg) from error
    return bool(cov.get_data().measured_files())


def _data_files(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
        yield from source.glob(".coverage*") if source.is_dir() else [source]


def _refuse_damage(path: Path) -> None:
    """coverage.py only warns of a data file that it can't use, and goes on without it."""
    if path.is_file() and not path.stat().st_size:
        msg = f"{path}: is empty; run the suite again"
        raise InputError(msg)
    data = CoverageData(basename=str(path))
    try:
        data.read()
    except (CoverageException, sqlite3.Error) as error:
        msg = f"{path}: is damaged: {error}; run the suite again"
        raise InputError(msg) from error
    finally:
        data.close()


def refuse_outsiders(combined: Path, where: str) -> None:
    """Refuse data that names files which are not of this repository: reports would show them.

    Only combined data tells: a process that ran in another folder names sources by their whole
    path, and combining finds them here.

    Args:
        combined: The combined data.
        where: What it was combined from, for the message.

    Raises:
        InputError: It names such a file.
    """
    data = CoverageData(basename=str(combined))
    data.read()
    names = data.measured_files()
    data.close()
    for name in sorted(names):
        if Path(name).is_absolute() or ".." in Path(name).parts:
            msg = f"{where}: names {name}, which is not of this repository; run the job again"
            raise InputError(msg)


def load(data_file: Path, analyses: Path) -> Reporting:
    """Open combined data for reporting.

    Args:
        data_file: The data.
        analyses: The folder in which the analyses of sources are kept.

    Raises:
        InputError: The file is not there or is damaged.
    """
    if not data_file.is_file():
        msg = f"{data_file}: is not there; run the suite first"
        raise InputError(msg)
    cov = Reporting(data_file, analyses)
    try:
        cov.load()
    except CoverageException as error:
        msg = f"{data_file}: is damaged: {error}; run the suite again"
        raise InputError(msg) from error
    return cov


def write_report(
    cov: Reporting, kind: Format, target: Path, *, title: str, others: Iterable[Path] = ()
) -> None:
    """Write one of coverage.py's file reports; `target` is a folder for html, and new.

    Pages of the html reports in `others` that would be the same are taken over.

    In the XML, files are named from the root, as in the other reports. coverage.py would name them
    from the suite's source, and services that ignore a relative `<source>`, as Codecov does, could
    not tell one suite's `server.py` from another's.

    Raises:
        InputError: A source can't be read or parsed.
        MachineError: The report can't be written.
    """
    with _clear_errors(kind, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        match kind:
            case "html":
                write_html(cov, target, others, title=title)
            case "xml":
                with override_config(cov, source=[]):
                    cov.xml_report(outfile=str(target))
            case "json":
                target.write_bytes(json_report.for_readers(cov))
            case "lcov":
                cov.lcov_report(outfile=str(target))
            case _:
                msg = f"{kind} is no file report"
                raise ValueError(msg)


def write_json_with_contexts(cov: Reporting, target: Path) -> None:
    """Write the JSON report with the contexts of every line; on one line, since it is large.

    Raises:
        InputError: A source can't be read or parsed.
        MachineError: The report can't be written.
    """
    with _clear_errors("json", target):
        target.write_bytes(json_report.with_contexts(cov))


@contextmanager
def _clear_errors(kind: str, target: Path) -> Iterator[None]:
    try:
        yield
    except CoverageException as error:
        msg = f"{kind} report: {error}"
        raise InputError(msg) from error
    except OSError as error:
        msg = f"{kind} report: {target}: can't be written: {error.strerror}"
        raise MachineError(msg) from error


def text_report(cov: Reporting, *, show_missing: bool) -> str:
    """coverage.py's terminal report as text."""
    text = io.StringIO()
    cov.report(file=text, show_missing=show_missing)
    return text.getvalue()


def _list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
