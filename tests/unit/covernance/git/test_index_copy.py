from __future__ import annotations

import pytest

from covernance.errors import MachineError
from covernance.git.index_copy import add_untracked, copied_index, list_add_options
from covernance.git.runner import Git
from tests.utils.repository import Repository

pytestmark = pytest.mark.security


@pytest.fixture
def git(repository: Repository) -> Git:
    repository.commit_first()
    return Git(repository.root)


def test_the_copy_can_be_written_and_the_index_stays(repository: Repository, git: Git) -> None:
    index = repository.root / ".git/index"
    before = index.read_bytes()
    repository.write("new/file.txt", "new\n")
    with copied_index(git, repository.root) as environ:
        add_untracked(git, environ)
        listed = git.run("ls-files", "new", environ=environ)
    assert listed == b"new/file.txt\n"
    assert index.read_bytes() == before
    assert repository.git("ls-files", "new") == ""


@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
def test_files_that_a_user_hides_from_git_are_seen(
    repository: Repository, git: Git, mark: str
) -> None:
    repository.git("update-index", mark, "calc/__init__.py")
    repository.append("calc/__init__.py", "z = 3\n")
    assert repository.git("diff", "--name-only") == ""
    with copied_index(git, repository.root) as environ:
        assert git.run("diff", "--name-only", environ=environ) == b"calc/__init__.py\n"


def test_a_file_outside_of_a_sparse_checkout_is_not_deleted(
    repository: Repository, git: Git
) -> None:
    repository.commit()  # git leaves files alone that it did not write itself
    repository.git("sparse-checkout", "set", "--no-cone", "/tests/")
    assert not (repository.root / "calc/__init__.py").exists()
    with copied_index(git, repository.root) as environ:
        assert git.run("diff", "--name-only", environ=environ) == b""
    assert list_add_options(git) == ("--sparse",)


def test_a_repository_without_an_index_has_an_empty_copy(repository: Repository) -> None:
    repository.git("init", "--quiet")
    git = Git(repository.root)
    with copied_index(git, repository.root) as environ:
        assert git.run("ls-files", environ=environ) == b""
    assert list_add_options(git) == ()


@pytest.mark.reliability
def test_an_index_that_cannot_be_read_is_an_error(repository: Repository, git: Git) -> None:
    index = repository.root / ".git/index"
    index.unlink()
    index.mkdir()
    with (
        pytest.raises(MachineError, match=r"index: can't be read|index file"),
        copied_index(git, repository.root),
    ):
        pass
