from __future__ import annotations

import os
import subprocess
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.errors import InputError, MachineError
from covernance.git.changes import (
    FileChange,
    find_changes,
    find_merge_base,
    read_committed_file,
    read_working_file,
    resolve_commit,
)
from tests.utils.properties import examples_divided_by
from tests.utils.repository import Folder, Repository

pytestmark = pytest.mark.architecture

LINES = frozenset[int]
STEPS = count()
"""Two commits of one second differ by their messages."""


@pytest.fixture
def repository(repository: Repository) -> Repository:
    """A repository with one commit on main."""
    repository.commit_first()
    return repository


def commit(repository: Repository) -> str:
    repository.git("add", "--all", "--force")
    repository.git("commit", "--quiet", "--allow-empty", f"--message=step {next(STEPS)}")
    return repository.git("rev-parse", "HEAD")


def differences(repository: Repository) -> tuple[FileChange, ...]:
    return find_changes(repository.root, "HEAD").files


def edited(path: str, added: LINES, removed: LINES, before: str | None = None) -> FileChange:
    return FileChange(path=path, before=before or path, added=added, removed=removed)


def test_without_changes_no_file_is_listed(repository: Repository) -> None:
    assert differences(repository) == ()


def test_edited_added_and_removed_lines_are_listed_per_side(repository: Repository) -> None:
    repository.write("a.py", "a\nb\nc\nd\n")
    commit(repository)
    repository.write("a.py", "a\nB\nd\ne\nf\n")
    assert differences(repository) == (edited("a.py", LINES({2, 4, 5}), LINES({2, 3})),)


def test_places_of_lines_that_were_only_deleted_are_listed(repository: Repository) -> None:
    repository.write("a.py", "a\nb\nc\nd\ne\n")
    repository.write("b.py", "'\r'\nb\nc\n")
    commit(repository)
    repository.write("a.py", "b\nC\nd\n")
    repository.write("b.py", "'\r'\nc\n")
    assert [change.cuts for change in differences(repository)] == [LINES({0, 3}), LINES({2})]


def test_staged_unstaged_and_untracked_edits_count_and_ignored_files_do_not(
    repository: Repository,
) -> None:
    repository.write("staged.py", "x = 1\n")
    repository.git("add", "staged.py")
    repository.write("untracked.py", "x = 1\ny = 2\n")
    repository.write("coverage/ignored.py", "x = 1\n")
    repository.append("calc/__init__.py", "z = 3\n")
    result = {file.path: file for file in differences(repository)}
    assert result.keys() == {"staged.py", "untracked.py", "calc/__init__.py"}
    assert result["untracked.py"].added == {1, 2}
    assert result["untracked.py"].before is None
    assert result["calc/__init__.py"].added == {3}


@pytest.mark.security
def test_the_users_index_does_not_change(repository: Repository) -> None:
    repository.write("untracked.py", "x = 1\n")
    repository.append("calc/__init__.py", "z = 3\n")
    before = (repository.root / ".git/index").read_bytes()
    assert len(differences(repository)) == 2
    assert (repository.root / ".git/index").read_bytes() == before
    assert repository.git("status", "--porcelain").endswith("?? untracked.py")


def test_a_renamed_file_counts_by_its_edited_lines(repository: Repository) -> None:
    repository.write("old.py", "".join(f"x{number} = 1\n" for number in range(10)))
    commit(repository)
    (repository.root / "old.py").rename(repository.root / "new.py")
    assert differences(repository) == (edited("new.py", LINES(), LINES(), "old.py"),)
    repository.append("new.py", "y = 2\n")
    assert differences(repository) == (edited("new.py", LINES({11}), LINES(), "old.py"),)


def test_a_deleted_file_has_no_current_name(repository: Repository) -> None:
    (repository.root / "calc/__init__.py").unlink()
    (result,) = differences(repository)
    assert result == FileChange(path=None, before="calc/__init__.py", removed=LINES({1, 2}))
    assert find_changes(repository.root, "HEAD").paths == frozenset()


@pytest.mark.security
@pytest.mark.parametrize(
    "name",
    [
        "with space.py",
        "a b/b b/c b.py",
        'quo"te.py',
        "new\nline.py",
        "tab\tbed.py",
        "back\\slash.py",
        "ümlaut-日本.py",
        "-dash.py",
        ":(glob)*.py",
        "diff --git a/x b/y.py",
    ],
)
def test_unusual_file_names_are_reported_unchanged(repository: Repository, name: str) -> None:
    repository.write(name, "a\nb\n")
    commit(repository)
    repository.write(name, "a\nB\n")
    repository.write("zzz.py", "x\n")
    assert differences(repository)[0 if name < "zzz.py" else 1] == edited(
        name, LINES({2}), LINES({2})
    )
    assert read_committed_file(repository.root, "HEAD", name) == "a\nb\n"


def test_an_undecodable_name_is_reported_as_python_decodes_it(repository: Repository) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    repository.write(name, "a\n")
    assert [file.path for file in differences(repository)] == [name]


@pytest.mark.reliability
def test_binary_files_links_and_modes_do_not_confuse_the_rest(repository: Repository) -> None:
    root = repository.root
    (root / "data.bin").write_bytes(b"\0\n@@ -1 +1 @@\n\0")
    repository.write("mode.sh", "true\n")
    repository.write("was_file.py", "x = 1\n")
    (root / "was_link.py").symlink_to("mode.sh")
    commit(repository)
    (root / "data.bin").write_bytes(b"\0\n@@ -1 +1 @@\n\1\ndiff --git a/x b/x\n")
    (root / "mode.sh").chmod(0o755)
    (root / "was_file.py").unlink()
    (root / "was_file.py").symlink_to("mode.sh")
    (root / "was_link.py").unlink()
    repository.write("was_link.py", "a\nb\n")
    repository.write("zzz.py", "x\n")
    result = {file.path: file for file in differences(repository)}
    assert result["mode.sh"] == edited("mode.sh", LINES(), LINES())
    assert result["was_file.py"].added == LINES()
    assert result["was_file.py"].removed == {1}
    assert result["was_link.py"].added == {1, 2}
    assert result["zzz.py"].added == {1}
    assert result["data.bin"].added == {3, 4}


@pytest.mark.security
def test_an_attribute_that_marks_a_source_as_binary_hides_nothing(repository: Repository) -> None:
    repository.write(".gitattributes", "*.py -diff\n")
    commit(repository)
    repository.append("calc/__init__.py", "z = 3\n")
    assert differences(repository)[0].added == {3}


@pytest.mark.reliability
def test_line_endings_and_form_feeds_do_not_shift_lines(repository: Repository) -> None:
    path = repository.root / "dos.py"
    path.write_bytes(b"a\r\nb\x0c\r\nc\r\n")
    commit(repository)
    path.write_bytes(b"a\r\nb\x0c\r\nC\r\nd")
    assert differences(repository) == (edited("dos.py", LINES({3, 4}), LINES({3})),)


@pytest.mark.security
def test_the_users_configuration_does_not_change_the_result(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("old.py", "a\nb\nc\nd\ne\nf\n")
    commit(repository)
    (repository.root / "old.py").rename(repository.root / "new é.py")
    repository.write("new é.py", "A\nb\nc\nd\nE\nf\n")
    expected = differences(repository)
    for setting in (
        "color.ui=always",
        "diff.external=false",
        "diff.interHunkContext=9",
        "diff.mnemonicPrefix=true",
        "diff.noprefix=true",
        "diff.orderFile=/dev/null",
        "diff.renames=false",
        "diff.submodule=log",
        "core.quotePath=true",
    ):
        repository.git("config", *setting.split("="))
    monkeypatch.setenv("GIT_DIFF_OPTS", "-u5")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    assert differences(repository) == expected
    assert expected == (edited("new é.py", LINES({1, 5}), LINES({1, 5}), "old.py"),)


def test_a_submodule_and_a_nested_repository_are_left_out(repository: Repository) -> None:
    nested = Repository(repository.root / "nested")
    nested.git("init", "--quiet")
    commit(nested)
    assert differences(repository) == ()


@pytest.mark.security
def test_git_variables_set_for_hooks_do_not_change_the_result(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.write("*.py", "a\nb\n")
    commit(repository)
    repository.write("*.py", "a\nB\n")
    expected = differences(repository)
    monkeypatch.setenv("GIT_DIFF_OPTS", "--unified=3")
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert differences(repository) == expected == (edited("*.py", LINES({2}), LINES({2})),)


def test_names_are_relative_to_a_root_below_the_repositorys(repository: Repository) -> None:
    repository.append("calc/__init__.py", "z = 3\n")
    repository.append("tests/test_calc.py", "z = 3\n")
    below = repository.root / "calc"
    assert [file.path for file in find_changes(below, "HEAD").files] == ["__init__.py"]
    assert read_committed_file(below, "HEAD", "__init__.py") == "x = 1\ny = 2\n"


@pytest.mark.reliability
def test_an_edit_in_the_instant_of_the_commit_is_seen(repository: Repository) -> None:
    path = repository.write("racy.py", "a\n")
    commit(repository)
    index = (repository.root / ".git/index").stat()
    path.write_text("b\n", encoding="utf-8")
    os.utime(path, ns=(index.st_atime_ns, index.st_mtime_ns))
    assert differences(repository) == (edited("racy.py", LINES({1}), LINES({1})),)


@pytest.mark.reliability
def test_unexpected_output_of_git_is_an_error(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = ":100644 100644 1 2 M\\0a.py\\0\\0"
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    case = f'case "$*" in *rev-parse*) echo no;; *--raw*) printf "{listing}";; esac'
    fake.write_text(f"#!/bin/sh\n{case}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent), prepend=os.pathsep)
    with pytest.raises(MachineError, match="0 differences for 1 changed files"):
        find_changes(repository.root, "HEAD")


def test_the_merge_base_with_origins_default_branch_is_the_base(repository: Repository) -> None:
    start = repository.git("rev-parse", "HEAD")
    repository.git("update-ref", "refs/remotes/origin/main", start)
    repository.git("checkout", "--quiet", "-b", "feature")
    ahead = commit(repository)
    repository.git("branch", "--force", "main", ahead)
    assert find_merge_base(repository.root) == start
    assert find_merge_base(repository.root, ahead) == ahead


def test_without_origin_the_local_default_branch_is_the_base(repository: Repository) -> None:
    start = repository.git("rev-parse", "HEAD")
    repository.git("branch", "--move", "trunk")
    repository.git("checkout", "--quiet", "-b", "feature")
    commit(repository)
    assert find_merge_base(repository.root, default_branch="trunk") == start
    with pytest.raises(InputError, match="git fetch origin main:refs/remotes/origin/main"):
        find_merge_base(repository.root)


@pytest.mark.reliability
@pytest.mark.parametrize("name", ["nowhere", "-x", "a..b", "HEAD:calc"])
def test_a_base_that_is_not_a_commit_is_an_error(repository: Repository, name: str) -> None:
    with pytest.raises(InputError, match=f"'{name}' is not a commit in this clone; fetch it"):
        find_merge_base(repository.root, name)


@pytest.mark.reliability
def test_a_shallow_clone_error_says_what_to_fetch(repository: Repository, tmp_path: Path) -> None:
    repository.git("checkout", "--quiet", "-b", "feature")
    commit(repository)
    repository.git("checkout", "--quiet", "main")
    commit(repository)
    clone = tmp_path / "clone"
    source = repository.root.as_uri()
    repository.git("clone", "--quiet", "--depth=1", "--no-single-branch", source, str(clone))
    subprocess.run(["git", "checkout", "--quiet", "feature"], cwd=clone, check=True)
    with pytest.raises(InputError, match=r"is shallow .*git fetch --unshallow origin"):
        find_merge_base(clone)


@pytest.mark.reliability
def test_histories_without_a_common_commit_have_no_base(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "--orphan", "other")
    commit(repository)
    with pytest.raises(InputError, match="no common commit"):
        find_merge_base(repository.root, "main")
    repository.git("update-ref", "refs/remotes/origin/main", "main")
    repository.git("branch", "--force", "main", "HEAD")
    with pytest.raises(InputError, match="'refs/remotes/origin/main' have no common commit"):
        find_merge_base(repository.root)


@pytest.mark.reliability
def test_before_the_first_commit_there_is_no_base(tmp_path: Path) -> None:
    fresh = Repository(tmp_path / "fresh")
    fresh.git("init", "--quiet")
    with pytest.raises(InputError, match="HEAD has no commit yet"):
        find_merge_base(fresh.root)


@pytest.mark.reliability
def test_outside_a_repository_the_error_is_gits(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="not in a git repository"):
        find_merge_base(tmp_path)
    with pytest.raises(MachineError, match="not in a git repository"):
        find_changes(tmp_path, "HEAD")


@pytest.mark.reliability
def test_without_git_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MachineError, match="install git"):
        find_merge_base(tmp_path)


def test_a_file_missing_at_a_commit_differs_from_a_failure(repository: Repository) -> None:
    assert read_committed_file(repository.root, "HEAD", "calc/__init__.py") == "x = 1\ny = 2\n"
    assert read_committed_file(repository.root, "HEAD", "calc/gone.py") is None
    absolute = str(repository.root / "calc/__init__.py")
    assert read_committed_file(repository.root, "HEAD", absolute) == "x = 1\ny = 2\n"
    assert read_committed_file(repository.root, "HEAD", "../../outside.py") is None
    with pytest.raises(MachineError, match="git cat-file"):
        read_committed_file(repository.root, "HEAD", "calc")
    with pytest.raises(MachineError, match=r"git .*ls-tree"):
        read_committed_file(repository.root, "0" * 40, "calc/__init__.py")


def test_a_link_of_a_commit_is_followed_as_in_the_work_tree(repository: Repository) -> None:
    root = repository.root
    (root / "calc/link.py").symlink_to("../other.py")
    (root / "other.py").symlink_to("calc/__init__.py")
    (root / "out.py").symlink_to("../outside.py")
    (root / "loop.py").symlink_to("loop.py")
    (root / "short").write_text("calc/__init__.py", encoding="utf-8")
    commit(repository)
    assert read_committed_file(root, "HEAD", "calc/link.py") == "x = 1\ny = 2\n"
    assert read_committed_file(root, "HEAD", "out.py") is None
    assert read_committed_file(root, "HEAD", "loop.py") is None
    assert read_committed_file(root, "HEAD", "short") == "calc/__init__.py"


def test_texts_are_decoded_the_same_from_git_and_from_disk(repository: Repository) -> None:
    (repository.root / "bom.py").write_bytes(b"\xef\xbb\xbfx = '\xe9'\n")
    commit(repository)
    text = read_committed_file(repository.root, "HEAD", "bom.py")
    assert text == read_working_file(repository.root, "bom.py") == "x = '\ufffd'\n"


@pytest.mark.reliability
def test_a_file_that_cant_be_read_is_an_error_and_a_missing_one_is_none(tmp_path: Path) -> None:
    assert read_working_file(tmp_path, "gone.py") is None
    assert read_working_file(tmp_path, ".") is None
    (tmp_path / "loop.py").symlink_to("loop.py")
    with pytest.raises(MachineError, match=r"loop\.py: can't be read"):
        read_working_file(tmp_path, "loop.py")


@examples_divided_by(4)
@given(
    st.lists(st.sampled_from("abc"), max_size=8),
    st.lists(st.sampled_from("abc"), max_size=8),
)
def test_files_without_the_listed_lines_are_equal(
    repository: Repository, old: list[str], new: list[str]
) -> None:
    path = repository.root / "property.py"
    path.write_text("".join(f"{line}\n" for line in old), encoding="utf-8")
    commit(repository)
    path.write_text("".join(f"{line}\n" for line in new), encoding="utf-8")
    result = differences(repository)
    added, removed = (result[0].added, result[0].removed) if result else (LINES(), LINES())
    kept_old = [line for number, line in enumerate(old, start=1) if number not in removed]
    kept_new = [line for number, line in enumerate(new, start=1) if number not in added]
    assert kept_old == kept_new


@examples_divided_by(4)
@given(*[st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["\n", "\r", "\r\n"])))] * 2)
def test_lines_of_a_python_source_are_those_of_python(
    repository: Repository, old: list[tuple[str, str]], new: list[tuple[str, str]]
) -> None:
    path = repository.root / "property.py"
    path.write_bytes("\r".join(["", *("".join(line) for line in old)]).encode())
    commit(repository)
    path.write_bytes("\r".join(["", *("".join(line) for line in new)]).encode())
    result = differences(repository)
    added, removed = (result[0].added, result[0].removed) if result else (LINES(), LINES())
    before, after = (
        read_committed_file(repository.root, "HEAD", "property.py"),
        read_working_file(repository.root, "property.py"),
    )
    assert before is not None
    assert after is not None
    kept_old = [line for number, line in enumerate(before.split("\n"), 1) if number not in removed]
    kept_new = [line for number, line in enumerate(after.split("\n"), 1) if number not in added]
    assert kept_old == kept_new


def test_carriage_return_above_a_change_counts_as_a_line(repository: Repository) -> None:
    path = repository.root / "calc/__init__.py"
    path.write_bytes(b"'a\rb'\nx = 1\ny = 2\n")
    commit(repository)
    path.write_bytes(b"'a\rb'\nx = 1\ny = 3\n")
    (change,) = differences(repository)
    assert (*change.added, *change.removed) == (4, 4)
    path.unlink()
    (change,) = differences(repository)
    assert (sorted(change.added), sorted(change.removed)) == ([], [1, 2, 3, 4])


@pytest.mark.reliability
def test_sparse_checkout_has_the_differences_that_git_shows(repository: Repository) -> None:
    repository.write("docs/page.md", "a\n")
    commit(repository)
    repository.git("sparse-checkout", "set", "calc")
    assert differences(repository) == ()
    repository.write("docs/left.md", "b\n")
    repository.write("calc/__init__.py", "x = 2\ny = 2\n")
    assert {change.path for change in differences(repository)} == {
        "docs/left.md",
        "calc/__init__.py",
    }


@pytest.mark.security
@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_was_told_to_skip_hides_no_edit(repository: Repository, mark: str) -> None:
    repository.git("update-index", mark, "calc/__init__.py")
    repository.append("calc/__init__.py", "z = 3\n")
    assert [file.path for file in find_changes(repository.root, "HEAD").files] == [
        "calc/__init__.py"
    ]
    assert repository.git("ls-files", "-v", "calc/__init__.py")[0] in "hS"


@pytest.mark.security
def test_a_file_system_monitor_that_misses_an_edit_hides_none(repository: Repository) -> None:
    monitor = repository.write("monitor", "#!/bin/sh\nprintf 'token\\0'\n")
    monitor.chmod(0o755)
    repository.git("config", "core.fsmonitor", str(monitor))
    commit(repository)
    repository.git("status")
    repository.append("calc/__init__.py", "z = 3\n")
    assert [file.path for file in find_changes(repository.root, "HEAD").files] == [
        "calc/__init__.py"
    ]


@pytest.mark.reliability
def test_a_nested_repository_without_a_commit_is_left_out(repository: Repository) -> None:
    repository.write("new.py", "x = 1\n")
    Repository(repository.root / "calc/nested").initialize()
    assert [file.path for file in find_changes(repository.root, "HEAD").files] == ["new.py"]


@pytest.mark.reliability
@pytest.mark.parametrize("setting", ["core.splitIndex", "core.untrackedCache", "user.name"])
def test_comparing_writes_nothing_to_the_repository(repository: Repository, setting: str) -> None:
    repository.git("config", setting, "true")
    repository.write("empty.py", "")
    repository.write("calc/new.py", "x = 1\n")
    before = Folder.read(repository.root / ".git")
    assert len(find_changes(repository.root, "HEAD").files) == 2
    assert Folder.read(repository.root / ".git") == before


@pytest.mark.reliability
def test_traces_in_the_environment_are_no_errors(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_TRACE", "GIT_TRACE2", "GIT_TRACE_SETUP"):
        monkeypatch.setenv(name, "1")
    assert resolve_commit(repository.root, "nothing") is None
    assert find_merge_base(repository.root, "HEAD") == repository.git("rev-parse", "HEAD")
