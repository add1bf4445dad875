from __future__ import annotations

import re
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from covernance.git.provenance import add_environment, describe_run, read_head
from tests.utils.agents import ENVIRONMENT
from tests.utils.contexts import NOW, context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    repository.commit_first()
    return repository


def test_a_clean_checkout_is_described_by_commit_and_branch(repository: Repository) -> None:
    result = describe_run(context_of(repository.root))
    assert result.commit == repository.git("rev-parse", "HEAD")
    assert (result.branch, result.dirty) == ("main", False)
    assert result.tools["covernance"]
    measured = add_environment(result, ENVIRONMENT)
    assert (measured.python, measured.commit) == (ENVIRONMENT.python, result.commit)
    assert measured.tools == result.tools | ENVIRONMENT.packages


def test_an_edited_checkout_is_dirty(repository: Repository) -> None:
    repository.append("calc/__init__.py", "x = 1\n")
    assert describe_run(context_of(repository.root)).dirty is True


def test_the_base_is_the_merge_base_with_the_default_branch(repository: Repository) -> None:
    start = repository.git("rev-parse", "HEAD")
    repository.git("switch", "--quiet", "--create", "feature")
    repository.append("calc/__init__.py", "x = 1\n")
    repository.git("commit", "--quiet", "--all", "--message=work")
    assert describe_run(context_of(repository.root)).base == start


def test_the_tree_of_a_clean_checkout_is_that_of_its_commit(repository: Repository) -> None:
    result = describe_run(context_of(repository.root))
    assert result.tree == repository.git("rev-parse", "HEAD^{tree}")


@pytest.mark.security
def test_what_the_tool_itself_wrote_does_not_change_the_checkout(repository: Repository) -> None:
    (repository.root / ".gitignore").unlink()
    repository.commit()
    before = describe_run(context_of(repository.root))
    repository.write("coverage/api.json", "{}")
    result = describe_run(context_of(repository.root))
    assert (result.dirty, result.tree) == (False, before.tree)


@pytest.mark.reliability
def test_a_detached_head_has_no_branch(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "--detach")
    assert describe_run(context_of(repository.root)).branch is None


@pytest.mark.reliability
@pytest.mark.parametrize(
    "name", ["# branch.oid", "x\u2028# branch.oid 1234", "x\n# branch.oid 1", "\udcff"]
)
def test_an_untracked_file_only_makes_the_checkout_dirty(repository: Repository, name: str) -> None:
    repository.git("config", "core.quotePath", "false")
    before = describe_run(context_of(repository.root))
    repository.write(name, "x\n")
    result = describe_run(context_of(repository.root))
    assert (result.dirty, result.commit, result.branch) == (True, before.commit, before.branch)


@pytest.mark.reliability
def test_before_the_first_commit_there_is_a_branch_and_no_commit(tmp_path: Path) -> None:
    fresh = Repository(tmp_path / "fresh")
    fresh.git("init", "--quiet", "--initial-branch=trunk")
    result = describe_run(context_of(fresh.root))
    assert (result.commit, result.branch, result.dirty) == (None, "trunk", True)


@pytest.mark.reliability
def test_outside_a_repository_git_values_are_none(tmp_path: Path) -> None:
    result = describe_run(context_of(Repository(tmp_path).root))
    assert (result.commit, result.base, result.branch, result.dirty) == (None, None, None, None)
    assert result.tree is None


@pytest.mark.reliability
def test_without_git_its_values_are_none(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert describe_run(context_of(repository.root)).commit is None


def test_the_time_is_utc_in_any_time_zone(repository: Repository) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=5)))
    context = context_of(repository.root, now=local)
    assert describe_run(context).recorded_at == "2026-11-21T12:00:00Z"


def test_a_ci_run_is_identified_by_run_attempt_and_branch(repository: Repository) -> None:
    environ = {"GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_HEAD_REF": "feature"}
    result = describe_run(context_of(repository.root, environ))
    assert (result.run_id, result.branch) == ("77-2", "feature")


def test_two_runs_in_one_second_have_different_ids(repository: Repository) -> None:
    context = context_of(repository.root)
    names = {describe_run(context).run_id for _ in range(5)}
    assert len(names) == 5
    assert all(re.fullmatch(r"20261121T120000Z-[0-9a-f]{6}", name) for name in names)


@pytest.mark.reliability
def test_the_checked_out_commit_is_returned_or_none(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert read_head(repository.root) == repository.git("rev-parse", "HEAD")
    assert read_head(tmp_path_factory.mktemp("outside")) is None


@pytest.mark.security
@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
def test_an_edit_of_a_file_that_git_was_told_to_skip_makes_the_checkout_dirty(
    repository: Repository, mark: str
) -> None:
    repository.git("update-index", mark, "calc/__init__.py")
    repository.append("calc/__init__.py", "x = 1\n")
    assert describe_run(context_of(repository.root)).dirty is True
