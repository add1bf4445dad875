"""The task `report`: combine coverage data, count it per theme, write reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path, PurePath
from typing import Any

import coverage
from coverage import Coverage

from covernance_agent import contexts, fence, overlay, public_counting
from covernance_agent.combining import (
    combine,
    load,
    omit_special_files,
    reject_outside_files,
    text_report,
)
from covernance_agent.failures import InputError
from covernance_agent.formats import FileReport, write_report
from covernance_agent.inventory import explain_unmeasured, reject_deleted
from covernance_agent.recording import write_recording
from covernance_agent.settings import ConfigFile, read_current_settings
from covernance_agent.slices import FileResult


def perform(task: dict[str, Any]) -> dict[str, Any]:
    """Combine, count and report.

    Args:
        task: The keys are the fields of `covernance.agent.reports.Report`.

    Returns:
        The fields of `covernance.agent.reports.Reported`.

    Raises:
        AgentError: Data is damaged or names files outside the repository, or a report can't be
            written.
    """
    target = Path(task["target"])
    target.parent.mkdir(parents=True, exist_ok=True)
    config_file = overlay.config_file(target.parent, task["source"])
    if not combine([Path(path) for path in task["data"]], target, config_file):
        return _result(data=False)
    if task["where"] is not None:
        reject_outside_files(target, task["where"])
    if contexts.names_tests(target):
        if task["tests"] is not None:
            write_recording(Path(task["tests"]), contexts.lines_by_context(target))
        contexts.merge_tests(target)
    cov = load(target, Path(task["analyses"]), config_file)
    files: dict[str, FileResult] = {}
    if task["themes"] is not None:
        try:
            files = count_files(cov, task["themes"], config_file)
            _check_mapped(cov, files, task["source"])
            reject_deleted(task["inventory"])
        except InputError as error:
            return _result(data=True, unreadable=str(error))
        if not files:
            return _result(data=True)
    if task["contexts"] is not None:
        cov.set_option("report:contexts", task["contexts"])
    with _rounded_down(cov):
        for report in task["reports"]:
            write_report(cov, _file_report(report))
        text = _text(cov, task["text"])
    settings = read_current_settings()
    unmeasured = explain_unmeasured(task["inventory"], files, task["source"], settings)
    return {
        **_result(data=True, files=files, text=text),
        "settings": settings._asdict(),
        "unmeasured": unmeasured,
    }


def count_files(
    cov: Coverage, themes: Sequence[str], config_file: ConfigFile
) -> dict[str, FileResult]:
    """Count every file of combined data, in total and for each theme.

    Args:
        cov: The data, as `load` opened it.
        themes: The themes.
        config_file: Where coverage.py's settings are read from.

    Raises:
        InputError: A measured source can't be read or parsed, or the data is damaged.
    """
    if fence.is_known():
        from covernance_agent import counting  # noqa: PLC0415 - private names

        return counting.file_results(cov, themes)  # type: ignore[arg-type]

    def reopen() -> Coverage:
        reopened = Coverage(data_file=cov.get_data().data_filename(), config_file=config_file)
        reopened.load()
        omit_special_files(reopened)
        return reopened

    return public_counting.file_results(reopen, themes)


def _check_mapped(cov: Coverage, files: Iterable[str], sources: Sequence[str]) -> None:
    """Raise if a file of an installed package counts that [paths] does not map to a source."""
    if not cov.get_option("run:source_pkgs"):
        return
    for name in files:
        if not any(PurePath(name).is_relative_to(source) for source in sources):
            msg = (
                f"{name} was measured, but [paths] of coverage.py's settings does not map it "
                f"to {', '.join(sources)}; add its folder there"
            )
            raise InputError(msg)


def _rounded_down(cov: Coverage) -> AbstractContextManager[None]:
    """Show percentages as the tool does; with an unknown version, as coverage.py does."""
    if fence.is_known():
        from covernance_agent.rounding import round_down  # noqa: PLC0415 - private names

        return round_down(cov)
    return nullcontext()


def _file_report(report: dict[str, Any]) -> FileReport:
    return FileReport(
        format=report["format"],
        path=Path(report["path"]),
        title=report["title"],
        others=tuple(map(Path, report["others"])),
        contexts=report["contexts"],
    )


def _text(cov: Coverage, kind: str | None) -> str:
    return "" if kind is None else text_report(cov, show_missing=kind == "term-missing")


def _result(
    *,
    data: bool,
    files: dict[str, FileResult] | None = None,
    unreadable: str = "",
    text: str = "",
) -> dict[str, Any]:
    return {
        "data": data,
        "files": files or {},
        "unreadable": unreadable,
        "text": text,
        "coverage": coverage.__version__,
    }
