"""The statements that a change adds or edits."""

from __future__ import annotations

from covernance.config import Suite
from covernance.git import changes
from covernance.git.changes import Changes
from covernance.model.snapshot import Snapshot
from covernance.patch.freshness import is_source
from covernance_agent.statements import first_lines, statements


def changed_statements(
    tree: changes.WorkTree, suite: Suite, snapshot: Snapshot, diff: Changes
) -> dict[str, frozenset[int]]:
    """The statements of a suite's sources that are new or edited, by their first lines.

    Raises:
        CovernanceError: A changed file, or coverage.py's settings, can't be read.
    """
    sources = {
        file.path: file.added
        for file in diff.files
        if file.path is not None and is_source(file.path, suite, snapshot)
    }
    return {
        path: found
        for path, added in sources.items()
        if (found := _statements(tree, path, added, snapshot))
    }


def _statements(
    tree: changes.WorkTree, path: str, added: frozenset[int], snapshot: Snapshot
) -> frozenset[int]:
    """The first lines of the statements that the added lines belong to.

    What the snapshot knows of a file tells which of them must run; of a file that it does not
    know the source tells, unless the settings leave the file out.
    """
    text = changes.current(tree.root, path) or ""
    touched = first_lines(text, added)
    if path in snapshot.files:
        return touched
    if not tree.settings.measures(tree.root / path):
        return frozenset()
    known = statements(text, tree.settings.exclude)
    return touched if known is None else touched & known
