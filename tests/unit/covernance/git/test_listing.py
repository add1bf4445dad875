from __future__ import annotations

import os
from pathlib import Path

import pytest

from covernance.errors import MachineError
from covernance.git.listing import list_differences, list_python_files, list_tracked
from covernance.model.inputs import Difference
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def began(repository: Repository) -> str:
    """The first commit of the repository."""
    return repository.commit_first()


def names(*paths: str) -> frozenset[str]:
    return frozenset(paths)


def test_nothing_differs_from_the_checked_out_commit(repository: Repository, began: str) -> None:
    repository.write("coverage/ignored.json", "{}")
    assert list_differences(repository.root, began) == Difference()


def test_new_edited_and_removed_files_are_listed_committed_or_not(
    repository: Repository, began: str
) -> None:
    repository.append("calc/__init__.py", "# more\n")
    repository.write("data/deep/new.txt", "")
    (repository.root / "tests/test_calc.py").unlink()
    expected = Difference(
        files=names("calc/__init__.py", "data/deep/new.txt", "tests/test_calc.py"),
        new=names("data", "data/deep", "data/deep/new.txt"),
        gone=names("tests", "tests/test_calc.py"),
    )
    assert list_differences(repository.root, began) == expected
    repository.commit()
    assert list_differences(repository.root, began) == expected


def test_a_renamed_file_counts_under_both_names(repository: Repository, began: str) -> None:
    repository.git("mv", "calc/__init__.py", "calc/ä new\nname.py")
    result = list_differences(repository.root, began)
    assert result == Difference(
        files=names("calc/__init__.py", "calc/ä new\nname.py"),
        new=names("calc/ä new\nname.py"),
        gone=names("calc/__init__.py"),
    )


def test_changed_permissions_are_a_difference(repository: Repository, began: str) -> None:
    (repository.root / "calc/__init__.py").chmod(0o755)
    assert list_differences(repository.root, began) == Difference(files=names("calc/__init__.py"))


def test_a_name_of_another_type_was_replaced(repository: Repository, began: str) -> None:
    for name in ("calc/__init__.py", ".coveragerc"):
        (repository.root / name).unlink()
    (repository.root / "calc/__init__.py").symlink_to("other.py")
    repository.write(".coveragerc/folder.txt", "")
    result = list_differences(repository.root, began)
    assert result.replaced == names("calc/__init__.py", ".coveragerc")
    assert result.new == names(".coveragerc/folder.txt")
    assert result.gone == names()


@pytest.mark.security
def test_a_submodule_at_another_commit_or_edited_was_replaced(
    repository: Repository, began: str
) -> None:
    part = Repository(repository.root / "part")
    part.initialize()
    part.commit()
    assert repository.commit() != began
    base = repository.git("rev-parse", "HEAD")
    assert list_differences(repository.root, base) == Difference()
    replaced = Difference(files=names("part"), replaced=names("part"))
    part.append("calc/__init__.py", "# edited\n")
    assert list_differences(repository.root, base) == replaced
    part.commit()
    assert list_differences(repository.root, base) == replaced


def test_names_are_relative_to_a_folder_of_the_checkout(repository: Repository, began: str) -> None:
    repository.append("calc/__init__.py", "# more\n")
    repository.write("new/file.txt", "")
    folder = repository.root / "calc"
    assert list_differences(folder, began) == Difference(
        files=names("__init__.py", "../new/file.txt"), new=names("../new", "../new/file.txt")
    )
    tracked = list_tracked(folder)
    assert tracked
    assert tracked.top == os.path.realpath(repository.root)
    assert {"__init__.py", "../.gitignore"} <= tracked.names


def test_ignored_and_untracked_files_are_not_listed_as_tracked(
    repository: Repository, began: str
) -> None:
    repository.write("coverage/ignored.json", "{}")
    repository.write("untracked.txt", "")
    tracked = list_tracked(repository.root)
    assert tracked
    assert tracked.names == frozenset(repository.git("ls-files").splitlines())


def test_outside_a_checkout_nothing_is_tracked_or_compared(tmp_path: Path) -> None:
    assert list_tracked(tmp_path) is None
    with pytest.raises(MachineError, match="git rev-parse: this folder is not in a git repository"):
        list_differences(tmp_path, "HEAD")


def test_python_files_of_each_group_of_folders_are_listed(repository: Repository) -> None:
    for name in ("calc/b.py", "calc/a.py", "calc/data.txt", "other/c.py", "calculator/d.py"):
        repository.write(name, "")
    (repository.root / "calc/link.py").symlink_to("a.py")
    repository.commit_first()
    repository.write("calc/untracked.py", "")
    (repository.root / "calc/b.py").unlink()
    groups = list_python_files(repository.root, [["calc"], ["other", "calculator/d.py"], []])
    assert groups == [("calc/__init__.py", "calc/a.py"), ("calculator/d.py", "other/c.py"), ()]


def test_outside_a_checkout_no_python_files_are_listed(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    assert list_python_files(tmp_path, [["."]]) == [()]


@pytest.mark.security
@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_was_told_to_skip_hides_no_edit(
    repository: Repository, began: str, mark: str
) -> None:
    repository.git("update-index", mark, "calc/__init__.py")
    repository.append("calc/__init__.py", "z = 3\n")
    assert list_differences(repository.root, began).files == {"calc/__init__.py"}
