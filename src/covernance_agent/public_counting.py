"""The counts of every file and theme by coverage.py's documented interface alone.

Of each theme two JSON reports are made, of what importing executed and of all; in these every
source is parsed again. The results are those of `counting`.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from coverage import Coverage
from coverage.exceptions import CoverageException, NoDataError

from covernance_agent.failures import InputError
from covernance_agent.lines import encode
from covernance_agent.slices import (
    Branches,
    Counts,
    FileResult,
    branches_beyond,
    counts_beyond,
)

_Files = dict[str, dict[str, Any]]


def file_results(reopen: Callable[[], Coverage], themes: Sequence[str]) -> dict[str, FileResult]:
    """Count every file of combined data, in the order of their names.

    Returns an empty mapping if there is nothing to report on.

    Args:
        reopen: Opens the data: until 7.13 a `Coverage` remembers the file that it analysed last,
            whatever contexts it is asked for next.
        themes: The themes to count.

    Raises:
        InputError: A measured source can't be read or parsed.
    """
    try:
        total = _json_files(reopen(), None)
        imported = {theme: _json_files(reopen(), f"^{re.escape(theme)}$") for theme in themes}
        whole = {theme: _json_files(reopen(), rf"^{re.escape(theme)}(\||$)") for theme in themes}
        cov = reopen()
        return {name: _file_result(cov, name, total, imported, whole) for name in sorted(total)}
    except NoDataError:
        return {}
    except CoverageException as error:
        msg = f"coverage.py can't analyse the sources: {error}"
        raise InputError(msg) from error


def _json_files(cov: Coverage, contexts: str | None) -> _Files:
    """Of each file, what coverage.py's JSON report says if it counts these contexts alone."""
    with tempfile.TemporaryDirectory(prefix="covernance-") as folder:
        path = os.path.join(folder, "report.json")  # noqa: PTH118 - coverage.py takes a text
        cov.json_report(outfile=path, contexts=[contexts] if contexts else [], show_contexts=False)
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123 - likewise
            files: _Files = json.load(stream)["files"]
    return files


def _file_result(
    cov: Coverage, name: str, total: _Files, imported: dict[str, _Files], whole: dict[str, _Files]
) -> FileResult:
    file = total[name]
    branches = cov.branch_stats(os.path.abspath(name))  # noqa: PTH100 - as coverage.py has it
    exits = {line: count for line, (count, _) in sorted(branches.items())}
    importing = set[int]()
    for files in imported.values():
        importing.update(files[name]["executed_lines"])
    never = set(file["missing_lines"])
    return {
        "total": _counts(file),
        "themes": {
            theme: _cell(whole[theme][name], imported[theme][name], exits) for theme in whole
        },
        "executed_lines": encode(file["executed_lines"]),
        "missing_lines": encode(never),
        "imported_lines": encode(importing),
        "branches": _branches(file, exits),
        "missing_branches": tuple(
            (start, end) for start, end in file.get("missing_branches", ()) if start not in never
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
    """For each line with more than one exit: how many there are, how many were taken."""
    missing = dict.fromkeys(exits, 0)
    for start, _ in file.get("missing_branches", ()):
        missing[start] += 1
    return {line: (count, count - missing[line]) for line, count in exits.items()}
