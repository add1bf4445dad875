from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from covernance.errors import InputError
from covernance.git.base import ChangeBase, find_base_commit, find_change_base
from covernance.git.default_branch import find_default_branch
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def of_origin(repository: Repository) -> dict[str, str]:
    """Three commits on main, and origin's branches main and release at the first two."""
    return repository.prepare(commit_beside_origin)


def commit_beside_origin(repository: Repository) -> dict[str, str]:
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
        (None, {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release"}, "HEAD~1"),
        ("HEAD", {"GITHUB_BASE_REF": "release"}, "HEAD"),
    ],
)
def test_the_option_comes_before_the_target_branch_before_the_default_branch(
    repository: Repository,
    of_origin: dict[str, str],
    option: str | None,
    environ: Mapping[str, str],
    expected: str,
) -> None:
    assert find_base_commit(context_of(repository.root, environ), option) == of_origin[expected]


@pytest.mark.reliability
def test_a_target_branch_that_was_not_fetched_is_an_error(
    repository: Repository, of_origin: dict[str, str]
) -> None:
    with pytest.raises(
        InputError, match="'refs/remotes/origin/next' is not a commit in this clone; fetch it"
    ):
        find_base_commit(context_of(repository.root, {"GITHUB_BASE_REF": "next"}), None)


def change_of(repository: Repository, option: str | None = None, **environ: str) -> ChangeBase:
    return find_change_base(context_of(repository.root, environ), option)


def pushed(repository: Repository, before: str, branch: str = "") -> dict[str, str]:
    """The variables of a job that a push started."""
    event = {"before": before, "repository": {"default_branch": branch}}
    path = repository.root.with_name("event.json")
    path.write_text(json.dumps(event), encoding="utf-8")
    return {"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(path), "CI": "true"}


@pytest.mark.security
def test_a_clean_default_branch_is_compared_with_the_commit_before(
    repository: Repository, commits: list[str]
) -> None:
    base = change_of(repository)
    assert base.commit == commits[1]
    assert base.notes == (
        f"the merge base is HEAD itself; compared with the commit before it, {commits[1][:12]}",
    )
    assert change_of(repository, "main") == base


@pytest.mark.security
def test_uncommitted_edits_are_compared_with_head_but_not_in_ci(
    repository: Repository, commits: list[str]
) -> None:
    repository.write(".gitignore", "")
    repository.commit()
    repository.write("coverage/calc.json", "{}")
    assert change_of(repository).commit == commits[2]
    repository.git("reset", "--quiet", "--hard", commits[2])
    repository.write("left.txt", "x\n")
    assert change_of(repository) == ChangeBase(commits[2])
    assert change_of(repository, CI="true").commit == commits[1]


def test_a_commit_that_is_named_counts_even_if_it_is_head(
    repository: Repository, commits: list[str]
) -> None:
    for name in ("HEAD", "@", commits[2], "HEAD~0"):
        base = change_of(repository, name, CI="true")
        assert base.commit == commits[2]
        assert base.notes == (f"{name} is HEAD: only uncommitted changes count, and none are",)
    repository.write("left.txt", "x\n")
    assert change_of(repository, "HEAD") == ChangeBase(commits[2])


def test_a_push_is_compared_with_what_the_branch_was(
    repository: Repository, commits: list[str]
) -> None:
    base = change_of(repository, **pushed(repository, commits[0]))
    assert base.commit == commits[0]
    assert [note.partition("; ")[2] for note in base.notes] == [
        f"compared with the commit before the push, {commits[0][:12]}"
    ]


@pytest.mark.security
def test_a_push_that_replaced_commits_is_compared_with_the_last_common_one(
    repository: Repository, commits: list[str]
) -> None:
    repository.git("branch", "replaced", commits[0])
    repository.git("switch", "--quiet", "replaced")
    before = repository.commit()
    repository.git("switch", "--quiet", "main")
    assert change_of(repository, **pushed(repository, before)).commit == commits[0]


@pytest.mark.security
def test_on_gitlab_a_push_is_compared_with_what_the_branch_was(
    repository: Repository, commits: list[str]
) -> None:
    environ = {"CI": "true", "CI_COMMIT_BEFORE_SHA": commits[0]}
    assert change_of(repository, **environ).commit == commits[0]
    environ["CI_COMMIT_BEFORE_SHA"] = "0" * 40
    assert change_of(repository, **environ).commit == commits[1]


@pytest.mark.reliability
@pytest.mark.parametrize("before", ["0" * 40, "f" * 40, "HEAD", "", "other"])
def test_a_push_from_elsewhere_is_compared_with_the_parent(
    repository: Repository, commits: list[str], before: str
) -> None:
    assert change_of(repository, **pushed(repository, before)).commit == commits[1]


@pytest.mark.reliability
@pytest.mark.parametrize("content", ["", "[]", '{"before": 1}', None])
def test_an_event_that_cannot_be_read_is_ignored(
    repository: Repository, commits: list[str], content: str | None
) -> None:
    environ = pushed(repository, commits[0])
    path = Path(environ["GITHUB_EVENT_PATH"])
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert change_of(repository, **environ).commit == commits[1]


@pytest.mark.security
def test_the_first_commit_has_nothing_to_compare_with(repository: Repository) -> None:
    repository.commit_first()
    assert change_of(repository) == ChangeBase(
        None, ("HEAD is the first commit: there is nothing to compare with",)
    )


@pytest.mark.security
def test_a_shallow_clone_of_the_default_branch_says_what_to_fetch(
    repository: Repository, commits: list[str], tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.root}", str(clone))
    with pytest.raises(InputError, match="shallow and does not have the commit before HEAD"):
        change_of(Repository.at(clone))


def test_a_merge_counts_as_one_commit(repository: Repository, commits: list[str]) -> None:
    repository.git("checkout", "--quiet", "-b", "feature", commits[0])
    repository.write("new.txt", "x\n")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message=merge", "feature")
    assert change_of(repository).commit == commits[2]


def names_default(repository: Repository, branch: str) -> None:
    text = (repository.root / "pyproject.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines(keepends=True) if "default-branch" not in line]
    table = "".join(lines).replace(
        "[tool.covernance]\n", f'[tool.covernance]\ndefault-branch = "{branch}"\n'
    )
    repository.write("pyproject.toml", table)


def test_without_a_name_the_default_branch_is_that_of_origin(
    repository: Repository, of_origin: dict[str, str]
) -> None:
    assert find_default_branch(context_of(repository.root)) == "main"
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release")
    assert find_default_branch(context_of(repository.root)) == "release"
    assert find_base_commit(context_of(repository.root), None) == of_origin["HEAD~1"]
    names_default(repository, "main")
    assert find_default_branch(context_of(repository.root)) == "main"


def test_in_github_actions_the_event_names_the_default_branch(
    repository: Repository, of_origin: dict[str, str]
) -> None:
    environ = pushed(repository, "", "release")
    assert find_default_branch(context_of(repository.root, environ)) == "release"
    assert find_base_commit(context_of(repository.root, environ), None) == of_origin["HEAD~1"]


@pytest.mark.security
@pytest.mark.parametrize("known", ["origin/HEAD", "event", "nothing"])
def test_a_change_cannot_choose_the_branch_that_it_is_compared_with(
    repository: Repository, commits: list[str], known: str
) -> None:
    environ = {}
    if known == "origin/HEAD":
        repository.git("update-ref", "refs/remotes/origin/main", "main")
        repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    elif known == "event":
        environ = pushed(repository, "", "main")
    repository.git("checkout", "--quiet", "-b", "own")
    names_default(repository, "own")
    repository.commit()
    repository.commit()
    base = change_of(repository, **environ)
    assert base.commit == commits[2]
    assert base.notes == ("default-branch is 'own' in this change; 'main' of the base counts",)


def test_the_branch_that_the_base_names_counts(repository: Repository, commits: list[str]) -> None:
    names_default(repository, "develop")
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "develop")
    start = repository.commit()
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.commit()
    assert change_of(repository) == ChangeBase(start)


def test_a_table_that_is_new_chooses_its_default_branch(repository: Repository) -> None:
    table = repository.root / "pyproject.toml"
    text = table.read_text(encoding="utf-8")
    table.unlink()
    repository.initialize()
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "trunk")
    start = repository.commit()
    repository.git("checkout", "--quiet", "-b", "feature")
    table.write_text(text, encoding="utf-8")
    names_default(repository, "trunk")
    repository.commit()
    assert change_of(repository) == ChangeBase(start)


@pytest.mark.reliability
def test_a_broken_table_at_the_base_decides_nothing(
    repository: Repository, commits: list[str]
) -> None:
    table = repository.root / "pyproject.toml"
    text = table.read_text(encoding="utf-8")
    repository.write("pyproject.toml", "[tool.covernance\n")
    start = repository.commit()
    repository.git("checkout", "--quiet", "-b", "own")
    table.write_text(text, encoding="utf-8")
    names_default(repository, "own")
    repository.commit()
    assert change_of(repository).commit == start
