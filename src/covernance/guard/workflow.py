"""Compare the current results with those of the base, and find unstable lines."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from covernance.config import Suite
from covernance.context import Context
from covernance.errors import Exit
from covernance.freshness import Unusable, require_current
from covernance.git.changes import Changes, WorkTree
from covernance.guard import compare
from covernance.guard.flaps import Flap, find_flaps
from covernance.history.base_result import Base, find_base_result
from covernance.history.store import Entry, Store, group_by_suite
from covernance.model.snapshot import Snapshot
from covernance.model.text import short_commit
from covernance.model.verdict import Assessment, Verdict
from covernance.results import read_results

TOTAL, PATCH = compare.TOTAL, compare.PATCH
_MOST_RUNS = 5


class GuardResult(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison of one suite with its base, and the verdict.

    Attributes:
        suite: Its name.
        assessment: `pass`, `dropped`, `nothing-to-compare`, `no-baseline`, `no-data` or `stale`,
            and why.
        bootstrap: Whether a missing base, or one of which nothing is left, was accepted.
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
    merge_base: str | None,
    *,
    bootstrap: bool = False,
) -> list[GuardResult]:
    """Compare the last full run of each suite with its base.

    Args:
        context: The table, and the paths of the current results.
        suites: The suites.
        store: The store of earlier results.
        merge_base: The commit that the change is based on; None if there is none.
        bootstrap: Whether suites without a base, or with nothing left of it, pass.

    Raises:
        CovernanceError: git, the store or a snapshot can't be read.
    """
    entries_by_suite = group_by_suite(store.entries())
    tree = WorkTree(context.root)
    results = read_results(context)
    return [
        _guard(
            context,
            suite,
            require_current(suite, results[suite.name]),
            _History(store, entries_by_suite.get(suite.name, []), merge_base, tree),
            bootstrap,
        )
        for suite in suites
    ]


class _History(msgspec.Struct, frozen=True):
    """The stored results of one suite, and the commit that the change is based on."""

    store: Store
    entries: Sequence[Entry]
    merge_base: str | None
    tree: WorkTree


def _guard(
    context: Context,
    suite: Suite,
    now: Snapshot | Unusable,
    history: _History,
    bootstrap: bool,  # noqa: FBT001 - passed on
) -> GuardResult:
    if isinstance(now, Unusable):
        return GuardResult(suite=suite.name, assessment=Assessment(now.verdict, now.reasons))
    base = _find_base(context, history, now)
    flaps = _flaps(history.store, history.entries, now)
    if base is None:
        return GuardResult(
            suite=suite.name,
            assessment=Assessment(Verdict.NO_BASELINE, (_explain_no_base(history, now),)),
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
        bootstrap=bootstrap and comparison.assessment.verdict is Verdict.NOTHING_TO_COMPARE,
        base=base,
        comparison=comparison,
        flaps=flaps,
    )


def _find_base(context: Context, history: _History, now: Snapshot) -> Base | None:
    if history.merge_base is None:
        return None
    return find_base_result(context.root, history.store, history.entries, now, history.merge_base)


def _explain_no_base(history: _History, now: Snapshot) -> str:
    if history.merge_base is None:
        return "HEAD is the first commit, so there is nothing to compare with; pass --bootstrap"
    measured = short_commit(now.provenance.commit, "this commit")
    return (
        f"no stored result of passing tests for any commit before {measured}; store one from the "
        "base branch with `covernance history add`, or pass --bootstrap"
    )


def _removed(since: Changes) -> dict[str, compare.Removed]:
    return {
        file.before: compare.Removed(file.path, file.removed)
        for file in since.files
        if file.before is not None
    }


def _flaps(store: Store, entries: Sequence[Entry], now: Snapshot) -> tuple[Flap, ...]:
    other_runs = [
        entry
        for entry in entries
        if entry.commit == now.provenance.commit and entry.run_id != now.provenance.run_id
    ]
    return find_flaps([*(store.read(entry) for entry in other_runs[-_MOST_RUNS:]), now])
