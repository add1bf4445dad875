"""Find the results of the base, with which the current results of suites are compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from covernance.context import Context
from covernance.errors import InputError
from covernance.git.ancestors import is_ancestor
from covernance.history.base_result import find_base_result
from covernance.history.store import Store, group_by_suite
from covernance.model import snapshot
from covernance.model.snapshot import Snapshot
from covernance.model.text import short_commit


class BaseResult(msgspec.Struct, frozen=True):
    """The result of a suite in the base.

    Attributes:
        result: The result.
        behind: How many commits it is before the base; None if it was given as a file.
    """

    result: Snapshot
    behind: int | None


def read_given_results(context: Context, base: str, paths: Sequence[Path]) -> dict[str, BaseResult]:
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
    results: dict[str, BaseResult] = {}
    for path in paths:
        result = snapshot.read(path)
        if why := _explain_unfit(context, base, result):
            raise InputError(f"{path}: {why}")
        if result.suite in results:
            msg = f"{path}: is another result of suite {result.suite!r}; give one per suite"
            raise InputError(msg)
        results[result.suite] = BaseResult(result, None)
    return results


def find_stored_results(
    root: Path, store: Store, base: str, suites: Iterable[str]
) -> dict[str, BaseResult]:
    """Find the stored result of each suite at a commit, or else at its nearest ancestor.

    Args:
        root: The folder of the table.
        store: The history.
        base: The commit.
        suites: The names of the suites.

    Raises:
        CovernanceError: The history or git can't be read.
    """
    entries = group_by_suite(store.entries())
    found: dict[str, BaseResult] = {}
    for suite in suites:
        if stored := find_base_result(root, store, entries.get(suite, ()), None, base):
            found[suite] = BaseResult(store.read(stored.entry), stored.behind)
    return found


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
