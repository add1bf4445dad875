"""Read the results of the base that a person names, and check that they are that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from covernance.context import Context
from covernance.errors import InputError
from covernance.git.ancestors import is_ancestor
from covernance.model import snapshot
from covernance.model.snapshot import Snapshot
from covernance.model.text import short_commit


def read_base_results(context: Context, base: str, paths: Sequence[Path]) -> dict[str, Snapshot]:
    """Read results of the base, by suite.

    Args:
        context: The context.
        base: The commit that the change is compared with.
        paths: The snapshots.

    Raises:
        InputError: One can't be read, is of no suite of the table or of the same suite as another,
            or is not a clean result of the base or of a commit before it.
        MachineError: git is missing.
    """
    results: dict[str, Snapshot] = {}
    for path in paths:
        result = snapshot.read(path)
        if why := _explain_unfit(context, base, result):
            raise InputError(f"{path}: {why}")
        if result.suite in results:
            msg = f"{path}: is another result of suite {result.suite!r}; give one per suite"
            raise InputError(msg)
        results[result.suite] = result
    return results


def _explain_unfit(context: Context, base: str, result: Snapshot) -> str:
    """Explain why a result is not one of the base; empty if it is."""
    known = [suite.name for suite in context.table.suites]
    if result.suite not in known:
        return f"is of suite {result.suite!r}, which is not in the table: {', '.join(known)}"
    commit = result.provenance.commit
    measured = short_commit(commit, "no commit")
    if commit is None or not is_ancestor(context.root, commit, base):
        return f"is of {measured}, which is not the base {short_commit(base)} or before it"
    if result.provenance.dirty:
        return f"is of {measured} with uncommitted changes; give the result of a clean checkout"
    return ""
