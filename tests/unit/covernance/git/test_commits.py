from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.errors import MachineError
from covernance.git.commits import write_commit
from covernance.git.runner import Git, Objects
from tests.unit.covernance.history.conftest import ENVIRON
from tests.utils.properties import examples_divided_by

COMMITTER = "A B <a@example.org> 1700000000 +0100"
PATHS = st.from_regex("[abc](/[abc]){0,2}", fullmatch=True).map(lambda path: f"{path}.json")


def repository(folder: Path, *options: str) -> Git:
    subprocess.run(["git", "init", "--quiet", *options, folder], check=True, env=ENVIRON)
    return Git(folder, ENVIRON)


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    return repository(tmp_path_factory.mktemp("repository"))


def write(git: Git, parent: str | None, changes: Mapping[str, bytes | None]) -> str:
    return write_commit(git, parent, changes, message="Add x\n", committer=COMMITTER)


def files(git: Git, commit: str) -> dict[str, bytes]:
    listed = [line.split("\t", 1) for line in git.fields("ls-tree", "-r", "-z", commit)]
    blobs = git.objects()
    return {path: read_blob(blobs, entry.split()[-1]) for entry, path in listed}


def read_blob(blobs: Objects, name: str) -> bytes:
    kind, content = blobs.read(name) or ("missing", b"")
    assert kind == "blob"
    return content


@pytest.mark.architecture
def test_files_are_added_deleted_and_left_unchanged(git: Git) -> None:
    first = write(git, None, {"a/b/1": b"x", "a/c/2": b"x", "d": b"x"})
    assert files(git, first) == {"a/b/1": b"x", "a/c/2": b"x", "d": b"x"}
    second = write(git, first, {"a/b/1": None, "d": b"y", "e/f/g/3": b"y"})
    assert files(git, second) == {"a/c/2": b"x", "d": b"y", "e/f/g/3": b"y"}
    assert git.ask("rev-parse", "--verify", "--quiet", f"{second}:a/b") is None
    assert git.ask("rev-parse", f"{second}^@") == first


@pytest.mark.architecture
@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_the_commit_has_author_time_and_message_and_no_ref(tmp_path: Path, kind: str) -> None:
    git = repository(tmp_path, f"--object-format={kind}")
    commit = write(git, None, {"a": b"x"})
    content = git.run("cat-file", "commit", commit).decode().split("\n", 1)[1]
    assert content == f"author {COMMITTER}\ncommitter {COMMITTER}\n\nAdd x\n"
    assert write(git, commit, {"a": None})
    assert git.run("for-each-ref") == b""
    assert sorted(path.name for path in (tmp_path / ".git/refs").iterdir()) == ["heads", "tags"]
    git.run("fsck", "--strict", "--no-dangling")


@pytest.mark.reliability
def test_the_same_change_gives_the_same_commit(git: Git) -> None:
    assert write(git, None, {"a": b"x", "b": b"y"}) == write(git, None, {"b": b"y", "a": b"x"})


@pytest.mark.reliability
def test_a_tree_may_become_empty(git: Git) -> None:
    full = write(git, None, {"a/b/1": b"x"})
    assert files(git, write(git, full, {"a/b/1": None})) == {}
    assert files(git, write(git, None, {"nowhere/1": None})) == {}


@pytest.mark.reliability
@pytest.mark.parametrize("content", [b"", b"\n", b"done\n", b"\0\r\n\xff", b"x" * 100_000])
def test_any_content_is_stored_unchanged(git: Git, content: bytes) -> None:
    assert files(git, write(git, None, {"a": content, "b": b"y"})) == {"a": content, "b": b"y"}


@pytest.mark.security
@pytest.mark.parametrize(
    "path", ['"a"', "a\nD b", "a\\b", " a ", "ü/日本.json", "M 100644 inline x"]
)
def test_any_name_is_one_file(git: Git, path: str) -> None:
    commit = write(git, None, {path: b"x", "b": b"y"})
    assert files(git, commit) == {path: b"x", "b": b"y"}
    assert files(git, write(git, commit, {path: None})) == {"b": b"y"}


@pytest.mark.security
def test_files_of_others_do_not_change(git: Git) -> None:
    x = git.run("hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    listed = (
        (
            f"120000 blob {x}\tlink\0100755 blob {x}\tprogram\0160000 commit {'1' * 40}\tmodule\0"
        ).encode()
        + f"100644 blob {x}\t".encode()
        + b"a\nb\xff\0"
    )
    odd = git.run("mktree", "-z", stdin=listed).decode().strip()
    identity = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "A"}
    identity["GIT_COMMITTER_EMAIL"] = "a"
    parent = git.run("commit-tree", odd, "-m", "odd", environ=identity).decode().strip()
    changed = write(git, parent, {"new": b"x"})
    before = git.run("ls-tree", "-z", odd).split(b"\0")
    after = git.run("ls-tree", "-z", changed).split(b"\0")
    assert [line for line in after if not line.endswith(b"\tnew")] == before


@pytest.mark.reliability
def test_a_missing_parent_is_a_clear_error(git: Git) -> None:
    with pytest.raises(MachineError, match=r"git fast-import: fatal: .*1111"):
        write(git, "1" * 40, {"a": b"x"})


@pytest.mark.reliability
@examples_divided_by(2)
@given(st.lists(st.dictionaries(PATHS, st.booleans(), min_size=1), min_size=1, max_size=3))
def test_successive_commits_equal_updates_of_a_dictionary(
    git: Git, steps: list[dict[str, bool]]
) -> None:
    expected: dict[str, bytes] = {}
    tip = None
    for step in steps:
        for path, there in step.items():
            expected.pop(path, None)
            expected |= {path: b"x"} if there else {}
        tip = write(git, tip, {path: b"x" if there else None for path, there in step.items()})
        assert files(git, tip) == expected
