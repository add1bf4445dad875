"""Check whether a suite's last full run is up to date with the work tree."""

from __future__ import annotations

import msgspec

from covernance.config import Suite
from covernance.errors import CovernanceError
from covernance.git.changes import Changes, WorkTree
from covernance.model import timestamp
from covernance.model.paths import is_below
from covernance.model.snapshot import Snapshot
from covernance.model.verdict import Verdict


class Unusable(msgspec.Struct, frozen=True):
    """A suite without a usable full run: its verdict, `no-data` or `stale`, and the reasons."""

    suite: str
    verdict: Verdict
    reasons: tuple[str, ...]


def check_freshness(
    tree: WorkTree, suite: Suite, snapshot: Snapshot | None, diff: Changes
) -> Snapshot | Unusable:
    """Return the last full run of a suite, or why it does not match the work tree.

    The work tree is compared with the measured commit if that was clean. Otherwise the files of
    `diff` must not have been edited since the run began; files deleted since then go unnoticed.

    Raises:
        InputError: The snapshot's time is invalid.
        MachineError: git is missing or failed.
    """
    if snapshot is None:
        reason = f"no result of this suite; run `covernance run --suite {suite.name}`"
        return Unusable(suite.name, Verdict.NO_DATA, (reason,))
    since = _since_commit(tree, snapshot)
    if since is not None:
        stale = _of_suite(since, suite, snapshot)
    else:
        began = _began(snapshot)
        stale = [
            path
            for path in _of_suite(diff, suite, snapshot)
            if (tree.root / path).is_file() and int((tree.root / path).stat().st_mtime) > began
        ]
    if not stale:
        return snapshot
    reasons = [f"{path} was edited after the suite was measured" for path in stale]
    reasons.append(f"run `covernance run --suite {suite.name}` again")
    return Unusable(suite.name, Verdict.STALE, tuple(reasons))


def is_source(path: str, suite: Suite, snapshot: Snapshot | None) -> bool:
    """Whether a file was measured for a suite, or should have been."""
    known = snapshot is not None and path in snapshot.files
    return known or (path.endswith(".py") and is_below(path, suite.source))


def _since_commit(tree: WorkTree, snapshot: Snapshot) -> Changes | None:
    """Find what changed since a clean commit was measured; None if that is unknown."""
    source = snapshot.provenance
    if source.commit is None or source.dirty is not False:
        return None
    try:
        return tree.since(source.commit)
    except CovernanceError:  # the commit is missing, as in a shallow clone
        return None


def _of_suite(diff: Changes, suite: Suite, snapshot: Snapshot) -> list[str]:
    names = {name for file in diff.files for name in (file.path, file.before) if name}
    return sorted(
        name
        for name in names
        if is_source(name, suite, snapshot)
        or (name.endswith(".py") and is_below(name, suite.tests))
    )


def _began(snapshot: Snapshot) -> float:
    where = f"the result of suite {snapshot.suite}"
    return timestamp.read(snapshot.provenance.recorded_at, where).timestamp()
