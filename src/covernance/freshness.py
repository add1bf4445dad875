"""Check whether a result is of the suite as it is now, by content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from covernance.config import Suite
from covernance.contents import CHANGED_MEANWHILE, Contents
from covernance.context import Context
from covernance.errors import CovernanceError
from covernance.git.changes import Changes, WorkTree, has_commit, is_shallow
from covernance.git.provenance import read_head
from covernance.model.paths import is_below
from covernance.model.snapshot import CARRIED, Snapshot
from covernance.model.text import cut, escape_unprintable, short_commit
from covernance.model.verdict import Verdict

_MOST_PATHS = 10
_OLD = "it was measured by an older version, which did not record its files"


class Unusable(msgspec.Struct, frozen=True):
    """A suite without a usable full run: its verdict, `no-data` or `stale`, and the reasons."""

    suite: str
    verdict: Verdict
    reasons: tuple[str, ...]


class Checkout:
    """The checkout as it is now, to which results are compared."""

    def __init__(self, context: Context) -> None:
        """Read the checkout of a context; its files are read when they are needed."""
        self._root = context.root
        self._contents = Contents(context)
        self._tree = WorkTree(context.root)
        self._head = read_head(context.root)

    def explain_staleness(self, suite: Suite, snapshot: Snapshot) -> tuple[str, ...]:
        """Say why a result is not of the suite as it is now; empty if it is.

        A result is of the suite as it is now if its commit is in this repository and its sources,
        tests and settings have the content that they had when it was measured. A result that was
        carried forward may be of a commit that a shallow clone lacks.

        Raises:
            MachineError: git is missing or failed.
        """
        source = snapshot.provenance
        if source.source != CARRIED and not self._has(source.commit):
            commit = short_commit(source.commit)
            return (f"it was measured at commit {commit}, which is not in this repository",)
        if source.contents:
            return tuple(
                _cut(_compare(source.contents, self._contents.of_suite(suite, source.contents)))
            )
        since = self._since_commit(snapshot)
        if since is None:
            return (_OLD,)
        return tuple(_cut(_say("edited", path) for path in _of_suite(since, suite, snapshot)))

    def _has(self, commit: str | None) -> bool:
        """Whether a commit may be of this repository.

        That is unknown outside of one, without a commit, and in a shallow clone.
        """
        if commit is None or self._head is None or commit == self._head:
            return True
        return has_commit(self._root, commit) or is_shallow(self._root)

    def _since_commit(self, snapshot: Snapshot) -> Changes | None:
        """Find what changed since a clean commit was measured; None if that is unknown."""
        source = snapshot.provenance
        if source.commit is None or source.dirty is not False:
            return None
        try:
            return self._tree.since(source.commit)
        except CovernanceError:  # the commit is missing, as in a shallow clone
            return None


def require_current(suite: Suite, result: Snapshot | None) -> Snapshot | Unusable:
    """Return the last full run of a suite, or why it can't be used.

    Args:
        suite: The suite.
        result: What `covernance.results.read_results` returns for it.
    """
    if result is None:
        reason = f"no result of this suite; run `covernance run --suite {suite.name}`"
        return Unusable(suite.name, Verdict.NO_DATA, (reason,))
    if result.verdict is Verdict.STALE:
        return Unusable(suite.name, Verdict.STALE, result.reasons)
    return result


def mark_stale(snapshot: Snapshot, reasons: tuple[str, ...]) -> Snapshot:
    """Give a result the verdict `stale`, with its reasons and what to do."""
    again = f"run `covernance run --suite {snapshot.suite}` again"
    return msgspec.structs.replace(snapshot, verdict=Verdict.STALE, reasons=(*reasons, again))


def _compare(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for path in sorted({*then, *now}):
        if then.get(path) == CHANGED_MEANWHILE:
            yield f"{escape_unprintable(path)} {CHANGED_MEANWHILE}"
        elif path not in then:
            yield _say("added", path)
        elif path not in now:
            yield _say("deleted", path)
        elif then[path] != now[path]:
            yield _say("edited", path)


def _say(what: str, path: str) -> str:
    return f"{escape_unprintable(path)} was {what} after the suite was measured"


def _cut(reasons: Iterable[str]) -> Iterator[str]:
    yield from cut(reasons, _MOST_PATHS)


def _of_suite(diff: Changes, suite: Suite, snapshot: Snapshot) -> list[str]:
    names = {name for file in diff.files for name in (file.path, file.before) if name}
    return sorted(
        name
        for name in names
        if name in snapshot.files
        or (name.endswith(".py") and is_below(name, (*suite.source, *suite.tests)))
    )
