from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from covernance.errors import InputError
from covernance.history.directory import Directory
from covernance.integrity.base_results import (
    BaseResult,
    find_stored_results,
    read_given_results,
)
from covernance.model.snapshot import Snapshot
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.security


def read(
    repository: Repository, base: str, sample: Snapshot, suite: str = "calc", **source: object
) -> dict[str, BaseResult]:
    provenance = msgspec.structs.replace(sample.provenance, **source)
    result = msgspec.structs.replace(sample, suite=suite, provenance=provenance)
    path = repository.root.with_name("base.json")
    path.write_bytes(result.encode())
    return read_given_results(context_of(repository.root), base, [path])


@pytest.mark.parametrize("at", [0, 1])
def test_a_result_of_the_base_or_before_it_is_taken(
    repository: Repository, commits: list[str], snapshot: Snapshot, at: int
) -> None:
    ((suite, given),) = read(repository, commits[1], snapshot, commit=commits[at]).items()
    assert (suite, given.result.provenance.commit) == ("calc", commits[at])


@pytest.mark.parametrize("commit", [None, "f" * 40, "HEAD^", "--all"])
def test_a_result_of_another_commit_is_an_error(
    repository: Repository, commits: list[str], snapshot: Snapshot, commit: str | None
) -> None:
    with pytest.raises(InputError, match=r"base\.json: is of .*, which is not the base"):
        read(repository, commits[0], snapshot, commit=commit)


def test_a_result_of_the_change_is_an_error(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    with pytest.raises(InputError, match=f"is of {commits[2][:12]}, which is not the base"):
        read(repository, commits[1], snapshot, commit=commits[2])
    with pytest.raises(InputError, match="with uncommitted changes; give the result of a clean"):
        read(repository, commits[1], snapshot, commit=commits[1], dirty=True)


def test_a_result_of_an_unknown_suite_is_an_error(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    message = r"base\.json: is of suite 'calk', which is not in the table: calc"
    with pytest.raises(InputError, match=message):
        read(repository, commits[1], snapshot, "calk", commit=commits[1])


def test_two_results_of_one_suite_are_an_error(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    read(repository, commits[1], snapshot, commit=commits[1])
    path = repository.root.with_name("base.json")
    with pytest.raises(InputError, match="is another result of suite 'calc'; give one per suite"):
        read_given_results(context_of(repository.root), commits[1], [path, Path(path)])


def at(sample: Snapshot, commit: str, suite: str) -> Snapshot:
    provenance = msgspec.structs.replace(sample.provenance, commit=commit)
    return msgspec.structs.replace(sample, suite=suite, provenance=provenance)


def test_the_result_of_the_base_or_its_nearest_ancestor_is_found(
    repository: Repository, snapshot: Snapshot, tmp_path: Path
) -> None:
    repository.initialize()
    first, base, head = (repository.commit(name) for name in ("first", "base", "head"))
    stored = Directory(tmp_path / "history")
    results = [at(snapshot, *place) for place in ((first, "api"), (base, "auth"), (head, "web"))]
    stored.add(results)
    found = find_stored_results(repository.root, stored, base, ["api", "auth", "web", "none"])
    assert {suite: each.behind for suite, each in found.items()} == {"api": 1, "auth": 0}
    assert found["auth"].result == results[1]
