from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from covernance.errors import Exit
from covernance.guard.workflow import guard_suites
from covernance.history.store import Entry, entry_of
from covernance.model.snapshot import Snapshot
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability


HEAD = "HEAD"


class MemoryStore:
    """A store in memory."""

    place = "memory"

    def __init__(self, *snapshots: Snapshot) -> None:
        self._snapshots = {entry_of(snapshot): snapshot for snapshot in snapshots}

    def add(self, snapshots: Sequence[Snapshot]) -> list[Entry]:
        raise AssertionError

    def entries(self, *, suite: str | None = None, branch: str | None = None) -> list[Entry]:
        return sorted(entry for entry in self._snapshots if suite in (None, entry.suite))

    def read(self, entry: Entry) -> Snapshot:
        return self._snapshots[entry]

    def prune(self, old_entries: Sequence[Entry]) -> None:
        raise AssertionError


def at(sample: Snapshot, commit: str, run: str = "1", **source: object) -> Snapshot:
    provenance = msgspec.structs.replace(
        sample.provenance, **({"commit": commit, "run_id": run} | source)
    )
    return msgspec.structs.replace(sample, suite="calc", provenance=provenance)


def published(repository: Repository, snapshot: Snapshot) -> None:
    path = repository.root / "coverage/calc.snapshot.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(snapshot.encode())


@pytest.mark.security
def test_a_suite_that_was_not_run_is_no_data_even_with_bootstrap(
    repository: Repository, commits: list[str]
) -> None:
    context = context_of(repository.root)
    (result,) = guard_suites(context, context.table.suites, MemoryStore(), HEAD, bootstrap=True)
    assert (result.assessment.verdict, result.exit) == ("no-data", Exit.GATE)


@pytest.mark.security
def test_a_missing_base_fails_without_bootstrap(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    published(repository, at(snapshot, commits[2]))
    context = context_of(repository.root)
    (result,) = guard_suites(context, context.table.suites, MemoryStore(), HEAD)
    assert (result.assessment.verdict, result.exit) == ("no-baseline", Exit.GATE)
    (result,) = guard_suites(context, context.table.suites, MemoryStore(), HEAD, bootstrap=True)
    assert result.exit is Exit.PASS


def test_runs_of_the_same_commit_are_compared_for_unstable_lines(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    file = snapshot.files["apps/api/main.py"]
    cell = msgspec.structs.replace(file.themes["security"], executed_lines="1-3")
    other = msgspec.structs.replace(file, themes={"security": cell})
    now = at(snapshot, commits[2], "2")
    earlier = at(
        msgspec.structs.replace(snapshot, files={"apps/api/main.py": other}), commits[2], "1"
    )
    published(repository, now)
    context = context_of(repository.root)
    store = MemoryStore(earlier, at(snapshot, commits[1]))
    (result,) = guard_suites(context, context.table.suites, store, HEAD)
    assert result.assessment.verdict == "pass"
    assert [(flap.path, flap.lines) for flap in result.flaps] == [("apps/api/main.py", "1-3")]


def test_the_base_excludes_what_the_change_removed(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    base = at(snapshot, commits[1])
    gone = at(msgspec.structs.replace(snapshot, files={}), commits[2])
    published(repository, gone)
    context = context_of(repository.root)
    (result,) = guard_suites(context, context.table.suites, MemoryStore(base), HEAD)
    assert result.comparison is not None
    assert result.comparison.numbers[0].before.total == 0


@pytest.mark.security
def test_a_stale_result_is_not_compared(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    published(repository, at(snapshot, commits[2]))
    repository.append("calc/__init__.py", "z = 3\n")
    context = context_of(repository.root)
    store = MemoryStore(at(snapshot, commits[1]))
    (result,) = guard_suites(context, context.table.suites, store, HEAD, bootstrap=True)
    assert (result.assessment.verdict, result.exit) == ("stale", Exit.GATE)
    assert result.assessment.reasons[0].startswith("calc/__init__.py was edited after")
