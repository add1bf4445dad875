from __future__ import annotations

import msgspec
import pytest

from covernance.history.base_result import find_base_result
from covernance.history.store import Entry, entry_of
from covernance.model.snapshot import Snapshot
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability


@pytest.fixture
def commits(repository: Repository) -> list[str]:
    """Three commits on main, the oldest first."""
    return repository.prepare(commit_three_times)


def commit_three_times(repository: Repository) -> list[str]:
    repository.initialize()
    return [repository.commit(f"step {number}") for number in range(3)]


def at(sample: Snapshot, commit: str, **source: object) -> Snapshot:
    provenance = msgspec.structs.replace(sample.provenance, **({"commit": commit} | source))
    return msgspec.structs.replace(sample, suite="calc", provenance=provenance)


def entries(*snapshots: Snapshot) -> list[Entry]:
    return [entry_of(snapshot) for snapshot in snapshots]


@pytest.mark.architecture
def test_a_result_at_the_merge_base_is_the_base(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    result = find_base_result(
        repository.root,
        entries(at(snapshot, commits[0]), at(snapshot, commits[1])),
        at(snapshot, commits[2]),
        commits[1],
    )
    assert result is not None
    assert (result.entry.commit, result.behind) == (commits[1], 0)


def test_otherwise_the_nearest_ancestor_is_the_base(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    stored = entries(at(snapshot, commits[0]))
    result = find_base_result(repository.root, stored, at(snapshot, "f" * 40), commits[2])
    assert result is not None
    assert (result.entry.commit, result.behind) == (commits[0], 2)


@pytest.mark.parametrize(("dirty", "behind"), [(False, 1), (True, 0)])
def test_a_clean_result_is_not_its_own_base(
    repository: Repository, commits: list[str], snapshot: Snapshot, *, dirty: bool, behind: int
) -> None:
    stored = entries(at(snapshot, commits[1]), at(snapshot, commits[2]))
    result = find_base_result(
        repository.root, stored, at(snapshot, commits[2], dirty=dirty), commits[2]
    )
    assert result is not None
    assert result.behind == behind


def test_without_a_result_for_any_ancestor_there_is_no_base(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    stored = entries(at(snapshot, "e" * 40))
    assert find_base_result(repository.root, stored, at(snapshot, "f" * 40), commits[2]) is None
