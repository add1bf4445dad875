"""Why a source of a suite was not executed at all: a cause and what to do, instead of 0 %."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from covernance.config import Suite
from covernance.engine.theme_result import ThemeResult
from covernance.gate.floors import sum_totals
from covernance.model.paths import is_below
from covernance.model.snapshot import FileResult


def explain_unexecuted(
    suite: Suite, results: Sequence[ThemeResult], files: Mapping[str, FileResult]
) -> tuple[str, ...]:
    """One sentence or two per source of which no statement ran, in the order of the table.

    Args:
        suite: The suite.
        results: The results of its themes, which recorded where modules were imported from.
        files: Its files.
    """
    return tuple(
        _explain(source, suite, results)
        for source in suite.source
        if _has_only_gaps(files[path] for path in files if is_below(path, [source]))
    )


def _has_only_gaps(files: Iterable[FileResult]) -> bool:
    total = sum_totals(files)
    return total.statements > 0 and total.executed == 0


def _explain(source: str, suite: Suite, results: Sequence[ThemeResult]) -> str:
    origins = (result.record.origins.get(source) for result in results if result.record)
    module, file, different = next((origin for origin in origins if origin), ("", "", ""))
    if not module:
        return (
            f"nothing below {source} was imported by any test; "
            f"is `source` of [tool.covernance.suites.{suite.name}] right?"
        )
    if is_below(file, [source]):
        return (
            f"{source}: {module} was imported from {file}, but no line of it was recorded; "
            "look for code that stops coverage.py, such as sys.settrace or a debugger"
        )
    if different:
        return (
            f"{source} was never imported; {module} came from {file}, a copy from which "
            f"{different} differs; install the project again, or editable "
            "(`pip install --editable .`)"
        )
    return (
        f"{source} was never imported; {module} came from {file}; "
        "install it editable, or map that folder to the source in [paths] of coverage.py's settings"
    )
