from __future__ import annotations

from pathlib import Path

import pytest

from covernance.errors import MachineError
from covernance.git.ancestors import list_ancestors
from tests.utils.repository import Repository


@pytest.fixture
def history(repository: Repository) -> list[str]:
    """Three commits, the newest first."""
    return repository.prepare(commit_three_times)


def commit_three_times(repository: Repository) -> list[str]:
    repository.initialize()
    for number in range(3):
        repository.git("commit", "--quiet", "--allow-empty", f"--message={number}")
    return repository.git("rev-list", "HEAD").split()


@pytest.mark.architecture
def test_a_commit_and_its_ancestors_are_listed_nearest_first(
    repository: Repository, history: list[str]
) -> None:
    assert list_ancestors(repository.root, "HEAD") == history
    assert list_ancestors(repository.root, history[1]) == history[1:]


@pytest.mark.reliability
def test_a_commit_that_was_not_fetched_is_a_clear_error(
    repository: Repository, history: list[str]
) -> None:
    with pytest.raises(MachineError, match=r"git rev-list: fatal: bad object 1{40}; fetch it"):
        list_ancestors(repository.root, "1" * 40)


@pytest.mark.reliability
def test_a_folder_outside_a_repository_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(
        MachineError,
        match="not in a git repository; run this inside one, or",
    ):
        list_ancestors(tmp_path, "HEAD")


@pytest.mark.security
def test_a_name_that_looks_like_an_option_is_not_used_as_one(
    repository: Repository, history: list[str]
) -> None:
    with pytest.raises(MachineError, match="git rev-list: fatal"):
        list_ancestors(repository.root, "--all")
