from __future__ import annotations

from collections.abc import Mapping

import pytest

from covernance.errors import InputError
from covernance.git.base import find_base_commit
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def commits(repository: Repository) -> dict[str, str]:
    """Three commits on main, and origin's branches main and release at the first two."""
    return repository.prepare(commit_three_times)


def commit_three_times(repository: Repository) -> dict[str, str]:
    repository.initialize()
    for _ in range(3):
        repository.git("commit", "--quiet", "--allow-empty", "--message=x")
    for branch, name in {"main": "HEAD~2", "release": "HEAD~1"}.items():
        repository.git("update-ref", f"refs/remotes/origin/{branch}", name)
    return {name: repository.git("rev-parse", name) for name in ("HEAD~2", "HEAD~1", "HEAD")}


@pytest.mark.parametrize(
    ("option", "environ", "expected"),
    [
        (None, {}, "HEAD~2"),
        (None, {"GITHUB_BASE_REF": ""}, "HEAD~2"),
        (None, {"GITHUB_BASE_REF": "release"}, "HEAD~1"),
        ("HEAD", {"GITHUB_BASE_REF": "release"}, "HEAD"),
    ],
)
def test_the_option_comes_before_the_target_branch_before_the_default_branch(
    repository: Repository,
    commits: dict[str, str],
    option: str | None,
    environ: Mapping[str, str],
    expected: str,
) -> None:
    assert find_base_commit(context_of(repository.root, environ), option) == commits[expected]


@pytest.mark.reliability
def test_a_target_branch_that_was_not_fetched_is_an_error(
    repository: Repository, commits: dict[str, str]
) -> None:
    with pytest.raises(
        InputError, match="'refs/remotes/origin/next' is not a commit in this clone; fetch it"
    ):
        find_base_commit(context_of(repository.root, {"GITHUB_BASE_REF": "next"}), None)
