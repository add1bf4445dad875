from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from covernance.history.base_result import Base, describe_base, find_base_result
from covernance.history.directory import Directory
from covernance.model.snapshot import Snapshot
from covernance.model.verdict import Verdict
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability


def at(sample: Snapshot, commit: str, **source: object) -> Snapshot:
    provenance = msgspec.structs.replace(sample.provenance, **({"commit": commit} | source))
    return msgspec.structs.replace(sample, suite="calc", provenance=provenance)


def find(
    repository: Repository, stored: Sequence[Snapshot], now: Snapshot, merge_base: str
) -> Base | None:
    store = Directory(repository.root / "coverage/history")
    store.add(stored)
    return find_base_result(repository.root, store, store.entries(), now, merge_base)


@pytest.mark.architecture
def test_a_result_at_the_merge_base_is_the_base(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    stored = [at(snapshot, commits[0]), at(snapshot, commits[1])]
    result = find(repository, stored, at(snapshot, commits[2]), commits[1])
    assert result is not None
    assert (result.entry.commit, result.behind) == (commits[1], 0)


def test_otherwise_the_nearest_ancestor_is_the_base(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    stored = [at(snapshot, commits[0])]
    result = find(repository, stored, at(snapshot, "f" * 40), commits[2])
    assert result is not None
    assert (result.entry.commit, result.behind) == (commits[0], 2)


@pytest.mark.parametrize(("dirty", "behind"), [(False, 1), (True, 0)])
def test_a_clean_result_is_not_its_own_base(
    repository: Repository, commits: list[str], snapshot: Snapshot, *, dirty: bool, behind: int
) -> None:
    stored = [at(snapshot, commits[1]), at(snapshot, commits[2])]
    result = find(repository, stored, at(snapshot, commits[2], dirty=dirty), commits[2])
    assert result is not None
    assert result.behind == behind


def test_without_a_result_for_any_ancestor_there_is_no_base(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    stored = [at(snapshot, "e" * 40)]
    assert find(repository, stored, at(snapshot, "f" * 40), commits[2]) is None


def ended(sample: Snapshot, verdict: Verdict, commit: str, run: str = "1") -> Snapshot:
    result = at(sample, commit, run_id=run, recorded_at=f"2026-11-21T12:00:0{run}Z")
    return msgspec.structs.replace(result, verdict=verdict)


@pytest.mark.security
@pytest.mark.parametrize("red", [Verdict.TESTS_FAILED, Verdict.NO_TESTS, Verdict.BELOW_FLOOR])
def test_a_red_result_is_no_base_if_another_one_passed(
    repository: Repository, commits: list[str], snapshot: Snapshot, red: Verdict
) -> None:
    stored = [ended(snapshot, Verdict.PASS, commits[0]), ended(snapshot, red, commits[1])]
    result = find(repository, stored, at(snapshot, "f" * 40), commits[1])
    assert result is not None
    assert result.entry.commit == commits[0]


@pytest.mark.security
def test_another_run_of_the_same_commit_that_passed_is_the_base(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    stored = [
        ended(snapshot, Verdict.PASS, commits[1], "1"),
        ended(snapshot, Verdict.TESTS_FAILED, commits[1], "2"),
    ]
    result = find(repository, stored, at(snapshot, "f" * 40), commits[1])
    assert result is not None
    assert (result.entry.run_id, result.behind) == ("1", 0)


@pytest.mark.security
@pytest.mark.parametrize(
    ("red", "is_base"), [(Verdict.TESTS_FAILED, False), (Verdict.BELOW_FLOOR, True)]
)
def test_a_suite_that_never_passed_is_compared_with_what_passed_its_tests(
    repository: Repository, commits: list[str], snapshot: Snapshot, red: Verdict, *, is_base: bool
) -> None:
    result = find(
        repository, [ended(snapshot, red, commits[1])], at(snapshot, "f" * 40), commits[1]
    )
    assert (result is not None) is is_base


@pytest.mark.parametrize(
    ("behind", "where"),
    [
        (0, " (the base)"),
        (1, " (1 commit before the base)"),
        (3, " (3 commits before the base)"),
        (None, ""),
    ],
)
def test_a_base_is_described_by_its_commit_time_and_place(behind: int | None, where: str) -> None:
    described = describe_base("a" * 40, "2026-11-21T12:00:00Z", behind)
    assert described == f"compared with {'a' * 12} of 2026-11-21T12:00:00Z{where}"
