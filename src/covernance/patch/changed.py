"""The statements that a change adds or edits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from covernance.agent.sources import (
    ReadStatements,
    SourceStatements,
    Statements,
)
from covernance.config import Suite
from covernance.git import changes
from covernance.git.changes import Changes
from covernance.model.paths import is_below
from covernance.model.snapshot import Snapshot

NOTHING = Statements({})
"""The statements if no source changed."""


def is_source(path: str, suite: Suite, snapshot: Snapshot | None) -> bool:
    """Whether a file was measured for a suite, or should have been."""
    known = snapshot is not None and path in snapshot.files
    return known or (path.endswith(".py") and is_below(path, suite.source))


def statements_task(
    root: Path, suite: Suite, snapshot: Snapshot | None, diff: Changes
) -> ReadStatements | None:
    """The agent's task of finding a suite's changed statements; None if nothing changed.

    Args:
        root: The repository's root.
        suite: The suite.
        snapshot: Its result; None if there is none yet.
        diff: The change.

    Raises:
        CovernanceError: A changed file can't be read.
    """
    paths = [
        file.path
        for file in diff.files
        if file.path is not None and is_source(file.path, suite, snapshot)
    ]
    if not paths:
        return None
    known = snapshot.files if snapshot else {}
    for path in paths:
        changes.read_working(root, path)  # an unreadable file is an error before the agent starts
    return ReadStatements(paths, required=not known.keys() >= set(paths))


def changed_statements(
    suite: Suite, snapshot: Snapshot, diff: Changes, read: Mapping[str, SourceStatements]
) -> dict[str, frozenset[int]]:
    """The statements of a suite's sources that are new or edited, by their first lines.

    The snapshot of a file determines which of them must run. For a file that it lacks, the source
    does, unless the settings omit the file.
    """
    statements: dict[str, frozenset[int]] = {}
    for file in diff.files:
        if file.path is None or not is_source(file.path, suite, snapshot):
            continue
        source = read.get(file.path, SourceStatements())
        touched = file.added | source.cut_through(file.cuts)
        if file.path in snapshot.files:
            statements[file.path] = source.first_lines(touched)
        elif source.measured:
            statements[file.path] = source.required(touched)
    return {path: lines for path, lines in statements.items() if lines}
