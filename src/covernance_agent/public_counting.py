"""The counts of every file and theme, only with coverage.py's documented interface.

For each theme two JSON reports are written: one of what importing executed and one of everything.
Every source is parsed again for each. The results equal those of `counting`.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from coverage import Coverage
from coverage.exceptions import CoverageException, NoDataError

from covernance_agent.context_name import import_pattern, theme_pattern
from covernance_agent.failures import UNREADABLE, InputError
from covernance_agent.lines import encode
from covernance_agent.slices import (
    Branches,
    Counts,
    FileResult,
    branches_beyond,
    counts_beyond,
)
from covernance_agent.unreadable import explain_unreadable

_Files = dict[str, dict[str, Any]]


def file_results(reopen: Callable[[], Coverage], themes: Sequence[str]) -> dict[str, FileResult]:
    """Count every file of combined data, in the order of the file names.

    Returns an empty mapping if there is nothing to report on.

    Args:
        reopen: Opens the data again. Until 7.13, a `Coverage` caches the file that it analysed last
            and ignores that the contexts have changed since.
        themes: The themes to count.

    Raises:
        InputError: A measured source can't be read or parsed.
    """
    try:
        total = _json_files(reopen(), None)
        imported = {theme: _json_files(reopen(), import_pattern(theme)) for theme in themes}
        by_theme = {theme: _json_files(reopen(), theme_pattern(theme)) for theme in themes}
        cov = reopen()
        return {name: _file_result(cov, name, total, imported, by_theme) for name in sorted(total)}
    except NoDataError:
        return {}
    except (CoverageException, *UNREADABLE) as error:
        raise InputError(explain_unreadable(error, "the sources")) from error


def _json_files(cov: Coverage, contexts: str | None) -> _Files:
    """Each file's entry in coverage.py's JSON report, counting only these contexts."""
    with tempfile.TemporaryDirectory(prefix="covernance-") as folder:
        path = os.path.join(folder, "report.json")  # noqa: PTH118 - coverage.py takes a text
        cov.json_report(outfile=path, contexts=[contexts] if contexts else [], show_contexts=False)
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123 - as above
            files: _Files = json.load(stream)["files"]
    return files


def _file_result(
    cov: Coverage,
    name: str,
    total: _Files,
    imported: dict[str, _Files],
    by_theme: dict[str, _Files],
) -> FileResult:
    file = total[name]
    branches = cov.branch_stats(os.path.abspath(name))  # noqa: PTH100 - as in coverage.py
    exits = {line: count for line, (count, _) in sorted(branches.items())}
    imported_lines = set[int]()
    for files in imported.values():
        imported_lines.update(files[name]["executed_lines"])
    missing_lines = set(file["missing_lines"])
    return {
        "total": _counts(file),
        "themes": {
            theme: _cell(files[name], imported[theme][name], exits)
            for theme, files in by_theme.items()
        },
        "executed_lines": encode(file["executed_lines"]),
        "missing_lines": encode(missing_lines),
        "excluded_lines": encode(file["excluded_lines"]),
        "imported_lines": encode(imported_lines),
        "branches": _branches(file, exits),
        "missing_branches": tuple(
            (start, end)
            for start, end in file.get("missing_branches", ())
            if start not in missing_lines
        ),
    }


def _cell(file: dict[str, Any], imported: dict[str, Any], exits: dict[int, int]) -> dict[str, Any]:
    raw = _counts(file)
    return {
        "raw": raw,
        "earned": counts_beyond(raw, _counts(imported)),
        "executed_lines": encode(file["executed_lines"]),
        "earnable": encode(imported["missing_lines"]),
        "earnable_branches": branches_beyond(_branches(file, exits), _branches(imported, exits)),
    }


def _counts(file: dict[str, Any]) -> Counts:
    summary = file["summary"]
    return {
        "statements": summary["num_statements"],
        "executed": summary["covered_lines"],
        "branches": summary.get("num_branches", 0),
        "taken": summary.get("covered_branches", 0),
    }


def _branches(file: dict[str, Any], exits: dict[int, int]) -> Branches:
    """For each line with more than one exit: the number of exits, and how many were taken."""
    missing = dict.fromkeys(exits, 0)
    for start, _ in file.get("missing_branches", ()):
        missing[start] += 1
    return {line: (count, count - missing[line]) for line, count in exits.items()}
