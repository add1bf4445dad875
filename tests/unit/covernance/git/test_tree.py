from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covernance.errors import MachineError
from covernance.git.runner import Git
from covernance.git.tree import graft, listing
from tests.unit.covernance.history.conftest import ENVIRON

IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@example.org")
PATHS = st.from_regex("[abc](/[abc]){0,2}", fullmatch=True).map(lambda path: f"{path}.json")


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "--quiet", folder], check=True, env=ENVIRON)
    return Git(folder, ENVIRON)


def blob(git: Git, content: str) -> str:
    return git.run("hash-object", "-w", "--stdin", stdin=content.encode()).decode().strip()


def commit(git: Git, tree: str) -> str:
    return git.run(*IDENTITY, "commit-tree", tree, stdin=b"x").decode().strip()


def files(git: Git, tree: str) -> dict[str, str]:
    listed = git.run("ls-tree", "-r", "--full-tree", tree).decode().splitlines()
    return {line.split("\t")[1]: line.split()[2] for line in listed}


@pytest.mark.architecture
def test_files_are_put_taken_away_and_left_alone(git: Git) -> None:
    x, y = blob(git, "x"), blob(git, "y")
    objects = git.objects()
    first = graft(git, objects, None, {"a/b/1": x, "a/c/2": x, "d": x})
    assert files(git, first) == {"a/b/1": x, "a/c/2": x, "d": x}
    second = graft(git, objects, commit(git, first), {"a/b/1": None, "d": y, "e/f/g/3": y})
    assert files(git, second) == {"a/c/2": x, "d": y, "e/f/g/3": y}
    assert b"b" not in listing(objects, commit(git, second), "a")


@pytest.mark.reliability
def test_a_tree_may_become_empty(git: Git) -> None:
    objects = git.objects()
    full = graft(git, objects, None, {"a/b/1": blob(git, "x")})
    assert files(git, graft(git, objects, commit(git, full), {"a/b/1": None})) == {}
    assert files(git, graft(git, objects, None, {"nowhere/1": None})) == {}


@pytest.mark.security
def test_what_others_put_there_stays_as_it_is(git: Git) -> None:
    x = blob(git, "x")
    listed = (
        (
            f"120000 blob {x}\tlink\0100755 blob {x}\tprogram\0160000 commit {'1' * 40}\tmodule\0"
        ).encode()
        + f"100644 blob {x}\t".encode()
        + b"a\nb\xff\0"
    )
    odd = git.run("mktree", "-z", stdin=listed).decode().strip()
    grafted = graft(git, git.objects(), commit(git, odd), {"new": x})
    before = git.run("ls-tree", "-z", odd).split(b"\0")
    after = git.run("ls-tree", "-z", grafted).split(b"\0")
    assert [line for line in after if not line.endswith(b"\tnew")] == before


@pytest.mark.security
def test_a_file_in_the_place_of_a_folder_is_an_error(git: Git) -> None:
    objects = git.objects()
    base = commit(git, graft(git, objects, None, {"a": blob(git, "x")}))
    with pytest.raises(MachineError, match="'a' is no folder"):
        graft(git, objects, base, {"a/b": blob(git, "y")})


@pytest.mark.reliability
@settings(max_examples=20)
@given(st.lists(st.dictionaries(PATHS, st.booleans(), min_size=1), min_size=1, max_size=3))
def test_changes_in_steps_equal_a_dictionary(git: Git, steps: list[dict[str, bool]]) -> None:
    x, objects = blob(git, "x"), git.objects()
    expected: dict[str, str] = {}
    base = None
    for step in steps:
        for path, there in step.items():
            expected.pop(path, None)
            expected |= {path: x} if there else {}
        changes = {path: x if there else None for path, there in step.items()}
        tree = graft(git, objects, base, changes)
        assert files(git, tree) == expected
        base = commit(git, tree)
