"""Find a change, in which every line of code that moves into the sources is new."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from covernance.config import Table
from covernance.errors import ConfigError
from covernance.git import changes
from covernance.git.base_table import read_base_table
from covernance.git.changes import Changes, FileChange
from covernance.model.paths import is_below
from covernance.model.python_source import split_source


def find_patch(root: Path, base: str, table: Table) -> Changes:
    """Find the change since a commit; of a file that moved into a source, every line is new.

    Args:
        root: The folder of the table.
        base: The commit. Its table says what the sources were; without one, a move adds nothing.
        table: The present table.

    Raises:
        MachineError: git is missing or failed, or a file can't be read.
    """
    diff = changes.find_changes(root, base)
    sources = [path for suite in table.suites for path in suite.source]
    moved = [file for file in diff.files if _is_moved_into(file, sources)]
    if not moved:
        return diff
    former = _list_sources(root, base)
    if not former:
        return diff
    entering = {file.path for file in moved if not is_below(f"{file.before}", former)}
    files = (_add_all(root, file) if file.path in entering else file for file in diff.files)
    return msgspec.structs.replace(diff, files=tuple(files))


def _is_moved_into(file: FileChange, sources: list[str]) -> bool:
    moved = file.path and file.before and file.path != file.before
    return bool(moved) and is_below(f"{file.path}", sources)


def _list_sources(root: Path, base: str) -> list[str]:
    """List the sources of all suites at a commit; none if its table can't be read."""
    try:
        suites = read_base_table(root, base).get("suites")
    except ConfigError:
        return []
    return [path for suite in _values(suites) for path in _paths(suite)]


def _values(suites: object) -> list[object]:
    return list(suites.values()) if isinstance(suites, Mapping) else []


def _paths(suite: Any) -> list[str]:  # noqa: ANN401 - of a table that was not checked
    source = suite.get("source") if isinstance(suite, Mapping) else None
    return [path for path in source if isinstance(path, str)] if isinstance(source, list) else []


def _add_all(root: Path, file: FileChange) -> FileChange:
    text = changes.read_working_file(root, f"{file.path}") or ""
    lines = frozenset(range(1, len(split_source(text)) + 1))
    return msgspec.structs.replace(file, added=lines)
