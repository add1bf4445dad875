from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from covernance.config import Suite, load
from covernance.git.changes import Changes
from covernance.model.counts import Counts
from covernance.model.snapshot import FileCell, FileResult, PatchCounts, Snapshot
from covernance.patch import recorded
from tests.utils.agents import local_agent
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability


@pytest.fixture
def commits(repository: Repository) -> list[str]:
    """Three commits on main, the oldest first; each adds a line to the source."""
    return repository.prepare(commit_three_lines)


def commit_three_lines(repository: Repository) -> list[str]:
    repository.initialize()
    return [commit(repository, f"line{number} = {number}\n") for number in range(3)]


def commit(repository: Repository, line: str) -> str:
    repository.append("calc/__init__.py", line)
    return repository.commit()


def change(repository: Repository, **environ: str) -> Changes | None:
    return recorded.find_change(context_of(repository.root, environ))


def base(repository: Repository, **environ: str) -> str:
    result = change(repository, **environ)
    assert result is not None
    return result.base


@pytest.mark.architecture
def test_on_a_branch_the_change_begins_at_the_default_branch(
    repository: Repository, commits: list[str]
) -> None:
    repository.git("checkout", "--quiet", "-b", "feature")
    commit(repository, "a = 1\n")
    commit(repository, "b = 1\n")
    assert base(repository) == commits[-1]


@pytest.mark.architecture
def test_on_the_default_branch_the_change_is_the_last_commit(
    repository: Repository, commits: list[str]
) -> None:
    result = change(repository)
    assert result is not None
    assert result.base == commits[1]
    (file,) = result.files
    assert file.added == {5}


@pytest.mark.architecture
@pytest.mark.parametrize("branch", ["main", "feature"])
def test_without_new_commits_the_change_is_the_uncommitted_edits(
    repository: Repository, commits: list[str], branch: str
) -> None:
    repository.git("checkout", "--quiet", "-B", branch)
    repository.append("calc/__init__.py", "more = 1\n")
    result = change(repository)
    assert result is not None
    assert result.base == commits[-1]
    (file,) = result.files
    assert file.added == {6}


def test_a_branch_without_edits_has_an_empty_change(
    repository: Repository, commits: list[str]
) -> None:
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.git("commit", "--quiet", "--allow-empty", "--message=nothing")
    assert base(repository) == commits[-1]


def test_merge_counts_as_one_change(repository: Repository, commits: list[str]) -> None:
    repository.git("checkout", "--quiet", "-b", "feature")
    commit(repository, "a = 1\n")
    commit(repository, "b = 1\n")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message=merge", "feature")
    assert base(repository) == commits[-1]


def test_the_change_of_a_pull_request_begins_at_its_target(
    repository: Repository, commits: list[str]
) -> None:
    repository.git("checkout", "--quiet", "-b", "feature")
    commit(repository, "a = 1\n")
    repository.git("update-ref", "refs/remotes/origin/release", commits[0])
    assert base(repository, GITHUB_BASE_REF="release") == commits[0]


def test_the_change_of_the_first_commit_is_unknown(repository: Repository) -> None:
    repository.initialize()
    commit(repository, "a = 1\n")
    assert change(repository) is None


def test_at_the_end_of_a_shallow_clone_the_change_is_unknown(
    repository: Repository, commits: list[str], tmp_path: Path
) -> None:
    clone = Repository(tmp_path / "clone")
    clone.initialize()
    clone.git("fetch", "--quiet", "--depth=1", f"file://{repository.root}", "main")
    clone.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    assert change(clone) is None


def test_outside_git_the_change_is_unknown(repository: Repository) -> None:
    assert change(repository) is None


@pytest.mark.architecture
def test_patch_coverage_is_recorded_in_total_and_per_theme(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    result = change(repository)
    assert result is not None
    suite = calc(repository)
    counts = recorded.ask_patch(
        repository.root, suite, measured(snapshot), result, local_agent(suite)
    )
    assert counts == (
        PatchCounts(base=commits[1], total=Counts(1, 1), themes={"security": Counts(1, 0)})
    )


def test_with_an_unreadable_changed_file_patch_coverage_is_unknown(
    repository: Repository, commits: list[str], snapshot: Snapshot
) -> None:
    result = change(repository)
    assert result is not None
    source = repository.root / "calc/__init__.py"
    source.unlink()
    source.symlink_to(source)
    suite = calc(repository)
    counts = recorded.ask_patch(
        repository.root, suite, measured(snapshot), result, local_agent(suite)
    )
    assert counts is None


def calc(repository: Repository) -> Suite:
    return load(repository.root).suite("calc")


def measured(sample: Snapshot) -> Snapshot:
    """All four lines ran, the last one for no theme."""
    cell = FileCell(Counts(), Counts(), executed_lines="1-4", earnable="5")
    file = FileResult(total=Counts(), themes={"security": cell}, executed_lines="1-5")
    return msgspec.structs.replace(
        sample,
        suite="calc",
        files={"calc/__init__.py": file},
        themes={"security": sample.themes["security"]},
    )
