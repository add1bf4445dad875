"""The tree of the work tree, whatever kind of checkout it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from covernance.git.tree import read_tree
from tests.utils.repository import Folder, Repository

pytestmark = pytest.mark.reliability


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "repository")
    repository.commit_first()
    return repository


@pytest.fixture
def unwritten(repository: Repository) -> Iterator[None]:
    """Fail if the repository's index, objects or anything else in `.git` were written."""
    before = _git_files(repository)
    yield
    assert _git_files(repository) == before


def _git_files(repository: Repository) -> Mapping[Path, bytes]:
    return Folder.read(repository.root / ".git").files


def test_a_commit_of_everything_has_this_tree(repository: Repository) -> None:
    repository.append("calc/__init__.py", "x = 1\n")
    repository.write("new.py", "x = 1\n")
    (repository.root / "tests/test_calc.py").unlink()
    before = read_tree(repository.root, "coverage")
    repository.commit()
    assert before == repository.git("rev-parse", "HEAD^{tree}")


@pytest.mark.usefixtures("unwritten")
@pytest.mark.parametrize("setting", ["core.splitIndex", "core.untrackedCache"])
def test_reading_writes_nothing_to_the_repository(repository: Repository, setting: str) -> None:
    repository.write("new.py", "x = 1\n")
    environ = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": setting, "GIT_CONFIG_VALUE_0": "true"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        assert read_tree(repository.root, "coverage")


def test_each_edit_gives_another_tree(repository: Repository) -> None:
    trees = [read_tree(repository.root, "coverage")]
    for name in ("calc/__init__.py", "untracked.py"):
        repository.append(name, "x = 1\n")
        trees.append(read_tree(repository.root, "coverage"))
    assert len(set(trees)) == 3


def test_ignored_files_and_the_excluded_folder_do_not_matter(repository: Repository) -> None:
    before = read_tree(repository.root, "coverage")
    repository.write("coverage/calc.json", "{}")
    repository.write(".pytest_cache/x", "x")
    assert read_tree(repository.root, "coverage") == before


def test_a_sparse_checkout_has_the_tree_of_its_commit(repository: Repository) -> None:
    repository.write("docs/page.md", "x\n")
    repository.commit()
    repository.git("sparse-checkout", "set", "calc")
    assert not (repository.root / "docs").exists()
    assert read_tree(repository.root, "coverage") == repository.git("rev-parse", "HEAD^{tree}")
    repository.write("docs/new.md", "x\n")
    assert read_tree(repository.root, "coverage") != repository.git("rev-parse", "HEAD^{tree}")


def test_a_worktree_has_the_tree_of_its_own_branch(repository: Repository, tmp_path: Path) -> None:
    repository.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    other = Repository.at(tmp_path / "other")
    other.write("new.py", "x = 1\n")
    tree = read_tree(other.root, "coverage")
    other.commit()
    assert tree == other.git("rev-parse", "HEAD^{tree}")


def test_a_submodule_is_part_of_the_tree_by_its_commit(
    repository: Repository, tmp_path: Path
) -> None:
    library = Repository(tmp_path / "library")
    library.commit_first()
    before = read_tree(repository.root, "coverage")
    allow = ("-c", "protocol.file.allow=always")
    repository.git(*allow, "submodule", "--quiet", "add", str(library.root), "library")
    with_submodule = read_tree(repository.root, "coverage")
    repository.commit()
    assert before != with_submodule == repository.git("rev-parse", "HEAD^{tree}")


def test_a_folder_of_the_checkout_has_the_tree_of_all_of_it(repository: Repository) -> None:
    repository.write("new.py", "x = 1\n")
    assert read_tree(repository.root / "calc", "coverage") == read_tree(repository.root, "coverage")


def test_a_nested_repository_without_a_commit_is_left_out(repository: Repository) -> None:
    before = read_tree(repository.root, "coverage")
    Repository(repository.root / "nested").initialize()
    repository.write("new.py", "x = 1\n")
    tree = read_tree(repository.root, "coverage")
    assert tree not in {None, before}


def test_before_the_first_commit_there_is_a_tree(tmp_path: Path) -> None:
    fresh = Repository(tmp_path / "fresh")
    fresh.initialize()
    tree = read_tree(fresh.root, "coverage")
    fresh.commit()
    assert tree == fresh.git("rev-parse", "HEAD^{tree}")


@pytest.mark.parametrize("character", [":", '"', "\\", " ", "\n"])
def test_the_folder_may_have_any_name(tmp_path: Path, character: str) -> None:
    odd = Repository(tmp_path / f"odd{character}name")
    odd.commit_first()
    odd.write("new.py", "x = 1\n")
    tree = read_tree(odd.root, "coverage")
    odd.commit()
    assert tree == odd.git("rev-parse", "HEAD^{tree}")


def test_outside_a_repository_there_is_none(tmp_path: Path) -> None:
    assert read_tree(tmp_path, "coverage") is None
