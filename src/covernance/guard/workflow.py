"""Compare the current results with those of the base, and find unstable lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from covernance.config import Suite
from covernance.context import Context
from covernance.errors import Exit
from covernance.git.ancestors import list_ancestors
from covernance.git.changes import Changes, WorkTree
from covernance.guard import compare
from covernance.guard.flaps import Flap, find_flaps
from covernance.history.store import Entry, Store, group_by_suite
from covernance.model import snapshot
from covernance.model.snapshot import CARRIED, Snapshot
from covernance.model.text import short_commit
from covernance.model.verdict import Assessment, Verdict

TOTAL, PATCH = compare.TOTAL, compare.PATCH
_MOST_RUNS = 5


class Base(msgspec.Struct, frozen=True):
    """The result that a suite is compared with.

    Attributes:
        entry: Its entry in the store.
        behind: How many commits it is before the merge base; 0 is the merge base itself.
    """

    entry: Entry
    behind: int


class GuardResult(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison of one suite with its base, and the verdict.

    Attributes:
        suite: Its name.
        assessment: `pass`, `dropped`, `no-baseline` or `no-data`, and why.
        bootstrap: Whether a missing base was accepted.
        base: The result that it was compared with; None if there is none.
        comparison: The measures compared with the base.
        flaps: Lines that ran in some runs of the same sources and not in others.
    """

    suite: str
    assessment: Assessment
    bootstrap: bool = False
    base: Base | None = None
    comparison: compare.Comparison | None = None
    flaps: tuple[Flap, ...] = ()

    @property
    def exit(self) -> Exit:
        """The exit code; a missing base fails unless `--bootstrap` was given."""
        return Exit.PASS if self.bootstrap else self.assessment.verdict.exit


def guard_suites(
    context: Context,
    suites: Sequence[Suite],
    store: Store,
    merge_base: str,
    *,
    bootstrap: bool = False,
) -> list[GuardResult]:
    """Compare the last full run of each suite with its base.

    Args:
        context: The table, and the paths of the current results.
        suites: The suites.
        store: The store of earlier results.
        merge_base: The commit that the change is based on.
        bootstrap: Whether suites without a base pass.

    Raises:
        CovernanceError: git, the store or a snapshot can't be read.
    """
    entries_by_suite = group_by_suite(store.entries())
    tree = WorkTree(context.root)
    return [
        _guard(
            context,
            suite,
            _History(store, entries_by_suite.get(suite.name, []), merge_base, tree),
            bootstrap,
        )
        for suite in suites
    ]


class _History(msgspec.Struct, frozen=True):
    """The stored results of one suite, and the commit that the change is based on."""

    store: Store
    entries: Sequence[Entry]
    merge_base: str
    tree: WorkTree


def _guard(context: Context, suite: Suite, history: _History, bootstrap: bool) -> GuardResult:  # noqa: FBT001 - passed on
    path = context.layout.snapshot(suite.name)
    if not path.exists():
        reason = f"no result of this suite; run `covernance run --suite {suite.name}`"
        return GuardResult(suite=suite.name, assessment=Assessment(Verdict.NO_DATA, (reason,)))
    now = snapshot.read(path)
    base = find_base(context.root, history.entries, now, history.merge_base)
    flaps = _flaps(history.store, history.entries, now)
    if base is None:
        measured = short_commit(now.provenance.commit, "this commit")
        reason = (
            f"no stored result for any commit before {measured}; store one from the base branch "
            "with `covernance history add`, or pass --bootstrap"
        )
        return GuardResult(
            suite=suite.name,
            assessment=Assessment(Verdict.NO_BASELINE, (reason,)),
            bootstrap=bootstrap,
            flaps=flaps,
        )
    comparison = compare.compare_results(
        history.store.read(base.entry),
        now,
        _removed(history.tree.since(base.entry.commit)),
        suite,
        patch_min_lines=context.table.patch_min_lines,
    )
    return GuardResult(
        suite=suite.name,
        assessment=comparison.assessment,
        base=base,
        comparison=comparison,
        flaps=flaps,
    )


def _removed(since: Changes) -> dict[str, compare.Removed]:
    return {
        file.before: compare.Removed(file.path, file.removed)
        for file in since.files
        if file.before is not None
    }


def find_base(root: Path, entries: Sequence[Entry], now: Snapshot, merge_base: str) -> Base | None:
    """Find the result at the merge base or its nearest ancestor that has one.

    The measured commit itself is only a base if it was measured with uncommitted changes, or if its
    result was carried forward to a later commit.
    """
    newest = {entry.commit: entry for entry in entries}
    if not now.provenance.dirty and now.provenance.source != CARRIED:
        newest.pop(now.provenance.commit or "", None)
    if not newest:
        return None
    for behind, commit in enumerate(list_ancestors(root, merge_base)):
        if commit in newest:
            return Base(newest[commit], behind)
    return None


def _flaps(store: Store, entries: Sequence[Entry], now: Snapshot) -> tuple[Flap, ...]:
    other_runs = [
        entry
        for entry in entries
        if entry.commit == now.provenance.commit and entry.run_id != now.provenance.run_id
    ]
    return find_flaps([*(store.read(entry) for entry in other_runs[-_MOST_RUNS:]), now])
