from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from covernance.errors import InputError, MachineError
from covernance.history import names
from covernance.history.git_branch import GitBranch, remotes
from covernance.history.store import entry_of
from covernance.model.snapshot import Snapshot
from tests.unit.covernance.history.conftest import ENVIRON

Results = Callable[..., Snapshot]
Clones = Callable[[str], Path]
LOCAL = "refs/heads/coverage-history"


def git(folder: Path, *arguments: str, stdin: str = "") -> str:
    identity = ("-c", "user.name=A Developer", "-c", "user.email=dev@example.org")
    return subprocess.run(
        ["git", *identity, *arguments],
        cwd=folder,
        env=ENVIRON,
        check=True,
        capture_output=True,
        text=True,
        input=stdin,
    ).stdout.strip()


def hook(remote: Path, name: str, script: str) -> None:
    path = remote / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def overtake(rival: Path, remote: Path) -> None:
    """Make the next push to the remote fail because the rival's local branch was pushed first."""
    alone = "rm hooks/pre-receive; unset GIT_QUARANTINE_PATH $(git rev-parse --local-env-vars)"
    hook(remote, "pre-receive", f"{alone}; git -C {rival} push --quiet {remote} {LOCAL}")


def put(folder: Path, path: str, content: str) -> None:
    """Commit one file to the local branch without the tool."""
    blob = git(folder, "hash-object", "-w", "--stdin", stdin=content)
    nodes = f"100644 blob {blob}\t{Path(path).name}\n"
    for part in path.split("/")[-2::-1]:
        nodes = f"040000 tree {git(folder, 'mktree', stdin=nodes)}\t{part}\n"
    tree = git(folder, "mktree", stdin=nodes)
    git(folder, "update-ref", LOCAL, git(folder, "commit-tree", tree, "-m", "by hand"))


@pytest.mark.architecture
def test_added_snapshots_are_visible_in_every_clone(
    store: GitBranch, clone: Clones, result: Results
) -> None:
    assert store.entries() == []
    snapshots = [result("auth"), result("api", recorded_at="2026-11-20T12:00:00Z")]
    added = store.add(snapshots)
    assert added == [entry_of(snapshots[1]), entry_of(snapshots[0])]
    other = GitBranch(clone("other"), remote="origin", environ=ENVIRON)
    assert other.entries() == added
    assert [other.read(entry) for entry in added] == [snapshots[1], snapshots[0]]
    assert [entry.suite for entry in other.entries(suite="auth", branch="main")] == ["auth"]


@pytest.mark.reliability
def test_a_result_is_added_beside_those_of_other_commits(store: GitBranch, result: Results) -> None:
    """`git ls-tree` lists what lies beside a folder too, once it has to descend to the folder."""
    commits = [digit * 40 for digit in "abc"]
    for commit in commits:
        store.add([result("api", commit=commit)])
    assert sorted(entry.commit for entry in store.entries()) == commits


@pytest.mark.architecture
def test_without_a_remote_snapshots_are_stored_on_the_local_branch(
    clone: Clones, remote: Path, result: Results
) -> None:
    folder = clone("clone")
    local = GitBranch(folder, environ=ENVIRON)
    (first,) = local.add([result()])
    (second,) = local.add([result(run_id="2")])
    assert GitBranch(folder, environ=ENVIRON).read(first) == result()
    assert local.entries() == [first, second]
    assert git(folder, "rev-list", "--count", LOCAL) == "2"
    assert "coverage-history" not in git(remote, "branch")


@pytest.mark.reliability
def test_local_snapshots_are_pushed_if_the_remote_has_none(
    clone: Clones, remote: Path, result: Results
) -> None:
    folder = clone("clone")
    GitBranch(folder, environ=ENVIRON).add([result(run_id="1")])
    shared = GitBranch(folder, remote="origin", environ=ENVIRON)
    shared.add([result(run_id="2")])
    assert [entry.run_id for entry in shared.entries()] == ["1", "2"]
    assert git(remote, "rev-list", "--count", LOCAL) == "2"


@pytest.mark.reliability
def test_adding_again_makes_no_commit(store: GitBranch, remote: Path, result: Results) -> None:
    store.add([result()])
    tip = git(remote, "rev-parse", LOCAL)
    assert store.add([result()]) == []
    assert store.add([result(recorded_at="2026-11-22T12:00:00Z")]) == []
    assert git(remote, "rev-parse", LOCAL) == tip


@pytest.mark.reliability
def test_equal_results_in_one_call_are_added_once(store: GitBranch, result: Results) -> None:
    (entry,) = store.add([result(recorded_at="2026-11-22T12:00:00Z"), result()])
    assert store.entries() == [entry] == [entry_of(result())]


@pytest.mark.reliability
def test_a_result_of_a_branch_with_a_long_name_is_added_once(
    store: GitBranch, result: Results
) -> None:
    (entry,) = store.add([result(branch="x" * 300)])
    assert store.add([result(branch="x" * 300)]) == []
    assert store.entries() == [entry]
    assert store.read(entry) == result(branch="x" * 300)


@pytest.mark.security
def test_a_ref_with_the_branchs_name_at_its_end_is_not_the_branch(
    store: GitBranch, remote: Path, result: Results
) -> None:
    main = git(remote, "rev-parse", "main")
    git(remote, "update-ref", f"refs/heads/a/{LOCAL}", main)
    assert store.entries() == []
    store.add([result()])
    assert store.entries() == [entry_of(result())]


@pytest.mark.security
def test_the_checkout_does_not_change(clone: Clones, result: Results, tmp_path: Path) -> None:
    folder = clone("clone")
    (folder / "edited").write_text("staged")
    git(folder, "add", "edited")
    (folder / "edited").write_text("not staged")
    watched = [folder / ".git" / name for name in ("index", "HEAD", "config")]
    before = [path.read_bytes() for path in watched], git(folder, "status", "--porcelain")
    branches = git(folder, "for-each-ref", "refs/heads", "refs/tags")
    store = GitBranch(folder, remote="origin", environ=ENVIRON)
    store.add([result()])
    store.entries()
    store.prune(store.entries())
    assert ([path.read_bytes() for path in watched], git(folder, "status", "--porcelain")) == before
    assert git(folder, "for-each-ref", "refs/heads", "refs/tags") == branches
    assert not (folder / ".git" / "FETCH_HEAD").exists()


@pytest.mark.architecture
def test_the_branch_only_grows_and_has_descriptive_messages(
    store: GitBranch, remote: Path, result: Results
) -> None:
    entries = store.add([result("api"), result("auth")])
    more = store.add([result(run_id="2", commit="ab" * 20), result(run_id="2")])
    store.prune([entries[0]])
    store.prune([entries[0]])
    assert store.entries() == sorted([entries[1], *more])
    log = git(remote, "log", "--reverse", "--format=%s|%an|%cn <%ce>", LOCAL).splitlines()
    who = "covernance|covernance <covernance@localhost>"
    assert log == [
        f"Add api, auth of 3f3f3f3f3f3f|{who}",
        f"Add 2 snapshots|{who}",
        f"Delete api of 3f3f3f3f3f3f|{who}",
    ]
    assert git(remote, "rev-list", "--max-parents=0", LOCAL, "main").count("\n") == 1


@pytest.mark.architecture
def test_the_users_name_is_used_if_git_knows_it(clone: Clones, result: Results) -> None:
    folder = clone("clone")
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "ada@example.org")
    GitBranch(folder, environ=ENVIRON).add([result()])
    assert git(folder, "log", "-1", "--format=%an <%ae>", LOCAL) == "Ada <ada@example.org>"


@pytest.mark.reliability
def test_adding_is_retried_after_a_faster_writer(
    clone: Clones, remote: Path, result: Results, store: GitBranch
) -> None:
    rival = clone("rival")
    GitBranch(rival, environ=ENVIRON).add([result(run_id="rival")])
    overtake(rival, remote)
    pauses: list[float] = []
    patient = GitBranch(clone("second"), remote="origin", environ=ENVIRON, pause=pauses.append)
    (entry,) = patient.add([result(run_id="mine")])
    assert [entry.run_id for entry in store.entries()] == ["mine", "rival"]
    assert patient.read(entry) == result(run_id="mine")
    assert len(pauses) == 1


@pytest.mark.reliability
@pytest.mark.parametrize("second", ["", "2026-11-21T12:00:01Z"])
def test_equal_results_of_two_writers_are_added_once(
    clone: Clones,
    result: Results,
    store: GitBranch,
    monkeypatch: pytest.MonkeyPatch,
    second: str,
) -> None:
    """Two writers in the same second create the same commit, which is pushed only once."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setitem(ENVIRON, f"GIT_{role}_DATE", "2026-11-21T12:00:00Z")
    rival = GitBranch(clone("rival"), remote="origin", environ=ENVIRON)
    mine = GitBranch(clone("mine"), remote="origin", environ=ENVIRON, pause=lambda _seconds: None)
    publish = mine._publish

    def overtaken(commit: str, tip: str | None) -> None:
        rival.add([result(recorded_at=second) if second else result()])
        publish(commit, tip)

    monkeypatch.setattr(mine, "_publish", overtaken)
    assert mine.add([result()]) == []
    assert len(store.entries()) == 1


@pytest.mark.reliability
def test_retries_are_limited_and_pauses_are_bounded(
    store: GitBranch, remote: Path, result: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("covernance.history.git_branch._ATTEMPTS", 12)
    (remote / f"{LOCAL}.lock").touch()
    pauses: list[float] = []
    store._pause = pauses.append
    with pytest.raises(
        MachineError, match=r"origin/coverage-history: other writers were faster 12 times"
    ):
        store.add([result()])
    assert len(pauses) == 12
    assert all(0 <= pause <= 4 for pause in pauses)
    assert max(pauses) > 1
    assert store.entries() == []


@pytest.mark.reliability
def test_adding_locally_is_retried_after_a_faster_writer(
    clone: Clones, result: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = clone("clone")
    rival = GitBranch(folder, branch="rival", environ=ENVIRON)
    rival.add([result(run_id="rival")])
    slow = GitBranch(folder, environ=ENVIRON, pause=lambda _seconds: None)
    publish = slow._publish

    def overtaken(commit: str, tip: str | None) -> None:
        if tip is None:
            git(folder, "update-ref", LOCAL, "refs/heads/rival")
        publish(commit, tip)

    monkeypatch.setattr(slow, "_publish", overtaken)
    slow.add([result(run_id="mine")])
    assert [entry.run_id for entry in slow.entries()] == ["mine", "rival"]


@pytest.mark.reliability
def test_a_local_branch_that_can_not_be_written_is_an_error(clone: Clones, result: Results) -> None:
    folder = clone("clone")
    GitBranch(folder, branch="coverage-history/sub", environ=ENVIRON).add([result()])
    with pytest.raises(MachineError, match=r"git update-ref: .*cannot lock ref"):
        GitBranch(folder, environ=ENVIRON).add([result()])


@pytest.mark.reliability
def test_a_rejected_push_is_an_error_with_the_remotes_message(
    store: GitBranch, remote: Path, result: Results
) -> None:
    hook(remote, "pre-receive", "echo no history on Fridays; exit 1")
    with pytest.raises(
        MachineError,
        match=r"origin/coverage-history: the push was rejected: \[remote rejected\] "
        r"\(pre-receive hook declined\): .*no history on Fridays.*; "
        "check that this user has write access",
    ):
        store.add([result()])


@pytest.mark.reliability
def test_a_missing_remote_repository_is_an_error(
    store: GitBranch, remote: Path, result: Results
) -> None:
    remote.rename(remote.with_name("moved.git"))
    gone = "origin/coverage-history: can't be fetched: .*does not appear to be a git repository"
    with pytest.raises(MachineError, match=gone):
        store.add([result()])
    with pytest.raises(MachineError, match=gone):
        store.entries()


@pytest.mark.reliability
def test_a_remote_that_accepts_no_push_is_an_error(
    store: GitBranch, remote: Path, result: Results
) -> None:
    git(remote, "config", "receive.unpackLimit", "rubbish")
    with pytest.raises(MachineError, match="the push was rejected: no answer: git push: "):
        store.add([result()])


@pytest.mark.security
def test_the_users_hooks_and_signing_are_disabled(
    clone: Clones, result: Results, tmp_path: Path
) -> None:
    folder = clone("clone")
    for name in ("pre-push", "reference-transaction", "post-checkout", "pre-commit"):
        hook(folder / ".git", name, f"touch {tmp_path}/ran; exit 1")
    for key in ("commit.gpgSign", "tag.gpgSign", "push.followTags"):
        git(folder, "config", key, "true")
    git(folder, "config", "push.gpgSign", "true")
    git(folder, "config", "gpg.program", "/bin/false")
    GitBranch(folder, remote="origin", environ=ENVIRON).add([result()])
    assert not (tmp_path / "ran").exists()


@pytest.mark.security
def test_a_checked_out_branch_is_never_changed(
    clone: Clones, result: Results, tmp_path: Path
) -> None:
    folder = clone("clone")
    local = GitBranch(folder, environ=ENVIRON)
    local.add([result()])
    tip = git(folder, "rev-parse", LOCAL)
    git(folder, "worktree", "add", "--quiet", str(tmp_path / "work"), "coverage-history")
    with pytest.raises(MachineError, match="coverage-history is checked out"):
        local.add([result(run_id="2")])
    assert git(folder, "rev-parse", LOCAL) == tip


@pytest.mark.security
@pytest.mark.parametrize(
    "path", ["api/3f/x.json", "etc/passwd/x.json", "api.json", "a\x1b[2J.json", "api/3f/~/x.json"]
)
def test_a_hostile_name_on_the_branch_is_rejected(clone: Clones, path: str) -> None:
    folder = clone("clone")
    put(folder, path, "{}")
    with pytest.raises(InputError, match="is not the name of a snapshot") as error:
        GitBranch(folder, environ=ENVIRON).entries()
    assert str(error.value).isprintable()


@pytest.mark.security
@pytest.mark.parametrize("path", ["../x.json", "api/3f/../../x.json", ".git/hooks/x.json"])
def test_a_name_that_points_elsewhere_is_ignored(clone: Clones, path: str) -> None:
    folder = clone("clone")
    put(folder, path, "{}")
    assert GitBranch(folder, environ=ENVIRON).entries() == []


@pytest.mark.security
def test_a_snapshot_that_does_not_match_its_name_is_rejected(
    clone: Clones, result: Results
) -> None:
    folder = clone("clone")
    entry = entry_of(result())
    put(folder, names.path_of(entry), result(run_id="forged").encode().decode())
    store = GitBranch(folder, environ=ENVIRON)
    assert store.entries() == [entry]
    with pytest.raises(
        InputError, match=r"coverage-history: api/3f/.* holds a result that does not"
    ):
        store.read(entry)


@pytest.mark.reliability
def test_the_error_names_a_damaged_file_on_the_branch(clone: Clones, result: Results) -> None:
    folder = clone("clone")
    put(folder, names.path_of(entry_of(result())), "half a snapsh")
    store = GitBranch(folder, environ=ENVIRON)
    with pytest.raises(InputError, match=r"coverage-history: api/3f/.*main\.json: is not a snap"):
        store.read(*store.entries())


@pytest.mark.security
@pytest.mark.parametrize("path", ["api", "api/3f"])
def test_a_file_in_place_of_a_folder_is_not_replaced(
    clone: Clones, result: Results, path: str
) -> None:
    folder = clone("clone")
    put(folder, path, "hello")
    tip = git(folder, "rev-parse", LOCAL)
    with pytest.raises(MachineError, match=f"coverage-history: {path} is a file"):
        GitBranch(folder, environ=ENVIRON).add([result()])
    assert git(folder, "rev-parse", LOCAL) == tip


@pytest.mark.reliability
def test_a_readme_on_the_branch_does_not_change(clone: Clones, result: Results) -> None:
    folder = clone("clone")
    put(folder, "README.md", "hello")
    store = GitBranch(folder, environ=ENVIRON)
    store.prune(store.add([result()]))
    assert store.entries() == []
    assert git(folder, "ls-tree", "--name-only", LOCAL) == "README.md"


@pytest.mark.reliability
def test_reading_a_missing_snapshot_is_an_error(store: GitBranch, result: Results) -> None:
    with pytest.raises(InputError, match=r"origin/coverage-history: api/3f/.* does not exist"):
        store.read(entry_of(result()))
    store.add([result()])
    with pytest.raises(InputError, match="does not exist"):
        store.read(entry_of(result(run_id="2")))


@pytest.mark.reliability
def test_pruning_nothing_does_nothing(store: GitBranch, remote: Path, result: Results) -> None:
    store.prune([])
    store.prune([entry_of(result())])
    assert "coverage-history" not in git(remote, "branch")


@pytest.mark.architecture
def test_a_folder_outside_a_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not in a usable git repository: .*; use the dir"):
        GitBranch(tmp_path, environ=ENVIRON)


@pytest.mark.security
@pytest.mark.parametrize("branch", ["", "a..b", "x.lock", "a b", "../../HEAD", "a:b"])
def test_an_invalid_branch_name_is_rejected(clone: Clones, branch: str) -> None:
    with pytest.raises(InputError, match="is not a valid branch name"):
        GitBranch(clone("clone"), branch=branch, environ=ENVIRON)


@pytest.mark.security
@pytest.mark.parametrize("remote_name", ["--upload-pack=touch x", "nowhere", "https://x/y.git"])
def test_only_the_name_of_a_remote_is_accepted(clone: Clones, remote_name: str) -> None:
    with pytest.raises(InputError, match=r"remote .* does not exist; remotes: origin"):
        GitBranch(clone("clone"), remote=remote_name, environ=ENVIRON)


@pytest.mark.architecture
def test_remotes_are_listed(clone: Clones, tmp_path: Path) -> None:
    assert remotes(clone("clone"), ENVIRON) == ["origin"]
    assert remotes(tmp_path, ENVIRON) == []


@pytest.mark.reliability
def test_the_error_names_an_unwritable_repository(store: GitBranch, result: Results) -> None:
    store._lock = store._lock / "nowhere"
    store._lock.parent.write_text("")
    with pytest.raises(MachineError, match=r"covernance-history\.lock/nowhere: can't be locked"):
        store.add([result()])
