"""Combine data files, and open the combined data for reports."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import CoverageException, NoDataError

from covernance_agent import fence
from covernance_agent.data_file import opened
from covernance_agent.failures import InputError, MachineError
from covernance_agent.settings import ConfigFile
from covernance_agent.statements import is_special


def combine(sources: Sequence[Path], target: Path, config_file: ConfigFile) -> bool:
    """Combine the data files in `sources` (folders or files) into `target`; the sources stay.

    Returns whether the combined data names any file.

    Raises:
        InputError: A data file is damaged.
        MachineError: The target can't be written.
    """
    for path in _data_files(sources):
        _check_data_file(path)
    cov = Coverage(data_file=str(target), config_file=config_file)
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


def _check_data_file(path: Path) -> None:
    """Raise if a data file is damaged; coverage.py would only warn and skip it."""
    if path.is_file() and not path.stat().st_size:
        msg = f"{path}: is empty; run the suite again"
        raise InputError(msg)
    try:
        with opened(path) as data:
            data.read()
    except (CoverageException, sqlite3.Error) as error:
        msg = f"{path}: is damaged: {error}; run the suite again"
        raise InputError(msg) from error


def reject_outside_files(combined: Path, where: str) -> None:
    """Raise if data names files outside this repository, which reports would show.

    This can be checked only after combining: a process that ran in another folder records absolute
    paths, and combining maps them to files of this repository.

    Args:
        combined: The combined data.
        where: The source of the data, for the message.

    Raises:
        InputError: It names such a file.
    """
    with opened(combined) as data:
        data.read()
        names = data.measured_files()
    for name in sorted(names):
        if Path(name).is_absolute() or ".." in Path(name).parts:
            msg = f"{where}: names {name}, which is outside this repository; run the job again"
            raise InputError(msg)


def load(data_file: Path, analyses: Path, config_file: ConfigFile) -> Coverage:
    """Open combined data for reporting, with stored analyses of sources if this version allows it.

    Args:
        data_file: The data.
        analyses: The folder in which the analyses of sources are stored.
        config_file: Where coverage.py's settings are read from.

    Raises:
        InputError: The file does not exist or is damaged.
    """
    if not data_file.is_file():
        msg = f"{data_file}: is not there; run the suite first"
        raise InputError(msg)
    cov = _opened(data_file, analyses, config_file)
    try:
        cov.load()
    except CoverageException as error:
        msg = f"{data_file}: is damaged: {error}; run the suite again"
        raise InputError(msg) from error
    omit_special_files(cov)
    return cov


def omit_special_files(cov: Coverage) -> None:
    """Leave FIFOs, sockets and devices named like a source out of reports: reading one can hang."""
    names = [name for name in cov.get_data().measured_files() if is_special(name)]
    if names:
        omitted = cov.get_option("report:omit")
        cov.set_option("report:omit", [*(omitted if isinstance(omitted, list) else ()), *names])


def _opened(data_file: Path, analyses: Path, config_file: ConfigFile) -> Coverage:
    if fence.is_known():
        from covernance_agent.reporting import Reporting  # noqa: PLC0415 - private names

        return Reporting(data_file, analyses, config_file)
    return Coverage(data_file=str(data_file), config_file=config_file)


def text_report(cov: Coverage, *, show_missing: bool) -> str:
    """coverage.py's terminal report as text."""
    text = io.StringIO()
    cov.report(file=text, show_missing=show_missing)
    return text.getvalue()
