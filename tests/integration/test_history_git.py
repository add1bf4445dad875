"""The git store on a real remote: many writers, sudden deaths, odd clones, refusals."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from covernance.history.git_branch import GitBranch
from covernance.model.counts import Counts
from covernance.model.snapshot import Floor, Provenance, Snapshot
from covernance.model.verdict import Verdict
from tests.utils.processes import wait_for_end
from tests.utils.repository import (
    IDENTITY,
    NO_GIT_CONFIGURATION,
    Repository,
    clean_environment,
)
from tests.utils.serving import serving

pytestmark = pytest.mark.reliability

ENVIRON = clean_environment() | NO_GIT_CONFIGURATION
HISTORY = "refs/heads/coverage-history"
RESULT = "coverage/calc.snapshot.json"
WRITERS = 32

WRITER = """
import sys
from pathlib import Path
from covernance.history.git_branch import GitBranch
from covernance.model import snapshot
GitBranch(Path(sys.argv[1]), remote="origin").add([snapshot.read(Path(sys.argv[2]))])
"""

# A git that kills its caller when it is called for the nth time, and then works or not.
DEADLY_GIT = """\
#!/bin/sh
echo $$ >> "{folder}/calls"
if [ $(wc -l < "{folder}/calls") -eq {nth} ]; then
    kill -9 $PPID
    {then}
fi
exec {git} "$@"
"""


def result(run_id: str, *, commit: str = "3f" * 20) -> Snapshot:
    return Snapshot(
        suite="calc",
        verdict=Verdict.PASS,
        reasons=(),
        floor=Floor("90", "pyproject.toml"),
        provenance=Provenance(
            commit=commit,
            branch="main",
            dirty=False,
            run_id=run_id,
            recorded_at="2026-11-21T12:00:00Z",
            python="3.11.7",
            platform="linux-x86_64",
            tools={},
            config="f" * 64,
        ),
        total=Counts(10, 10, 4, 4),
        themes={},
        files={},
        tests={},
        unthemed=(),
    )


class Remote:
    """A bare repository whose branch main has three commits, and clones of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "remote.git"
        self._seed = Repository(folder / "seed")
        self._seed.git("init", "--quiet", "--initial-branch=main")
        for number in range(3):
            self._seed.write("number", str(number))
            self._seed.git("add", ".")
            self._seed.git("commit", "--quiet", f"--message={number}")
        self._seed.git("clone", "--quiet", "--bare", ".", str(self.path))

    def git(self, *arguments: str) -> str:
        return self._seed.git("-C", str(self.path), *arguments)

    def clone(self, name: str, *options: str) -> Repository:
        target = self.folder / name
        self._seed.git("clone", "--quiet", *options, self.path.as_uri(), str(target))
        return Repository(target)

    def runs(self) -> set[str]:
        """What a reader who has never been here sees, after git itself found nothing damaged."""
        self.git("fsck", "--full", "--strict", "--no-dangling")
        store = GitBranch(self.path, environ=ENVIRON)
        return {store.read(entry).provenance.run_id for entry in store.entries()}


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path)


def start(folder: Path, run_id: str, environ: dict[str, str] = ENVIRON) -> subprocess.Popen[bytes]:
    """A process of its own that adds one result through the clone in `folder`."""
    stored = folder.parent / f"{run_id}.snapshot.json"
    stored.write_bytes(result(run_id).encode())
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(stored)],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen[bytes]) -> int:
    _, errors = process.communicate()
    assert process.returncode in {0, -signal.SIGKILL}, errors.decode()
    return process.returncode


def test_32_writers_at_once_lose_nothing(remote: Remote) -> None:
    """Every second one shares its clone with others, as jobs on one machine do."""
    shared = [remote.clone(f"shared-{number}").root for number in range(2)]
    folders = [
        shared[number % 4 // 2] if number % 2 else remote.clone(f"clone-{number}").root
        for number in range(WRITERS)
    ]
    writers = [start(folder, f"run-{number}") for number, folder in enumerate(folders)]
    assert [finish(writer) for writer in writers] == [0] * WRITERS
    assert remote.runs() == {f"run-{number}" for number in range(WRITERS)}
    assert remote.git("rev-list", "--count", HISTORY) == str(WRITERS)


@pytest.mark.parametrize(
    ("then", "states"),
    [("exit 1", {"old"}), (":", {"old", "new"})],
    ids=["before-the-command", "git-goes-on"],
)
def test_a_writer_killed_at_any_command_leaves_the_old_or_the_new_state(
    remote: Remote, tmp_path: Path, then: str, states: set[str]
) -> None:
    """The push is the last command: only a push that goes on brings the new state."""
    folder = remote.clone("clone").root
    store = GitBranch(folder, remote="origin", environ=ENVIRON)
    git = shutil.which("git")
    old: set[str] = set()
    seen = set()
    for nth in range(1, 100):
        deadly = tmp_path / f"bin-{nth}"
        deadly.mkdir()
        (deadly / "git").write_text(DEADLY_GIT.format(folder=deadly, nth=nth, then=then, git=git))
        (deadly / "git").chmod(0o755)
        path = f"{deadly}:{ENVIRON['PATH']}"
        code = finish(start(folder, f"run-{nth}", ENVIRON | {"PATH": path}))
        wait_for_end(map(int, (deadly / "calls").read_text().split()))
        new = old | {f"run-{nth}"}
        found = remote.runs()
        assert found in (old, new)
        if not code:
            assert found == new
            break
        seen.add("new" if found == new else "old")
        store.add([result(f"run-{nth}")])
        old = remote.runs()
        assert old == new
    assert nth > 8
    assert seen == states


def test_a_machine_that_dies_at_any_moment_leaves_the_old_or_the_new_state(
    remote: Remote,
) -> None:
    """The writer and every git of this side die at once; the server is another machine.

    Every second trial dies as soon as the remote's branch has moved. The others die after a time
    that moves towards that moment from both sides, so that some die just before it.
    """
    clone = remote.clone("clone")
    began = time.monotonic()
    assert finish(start(clone.root, "first")) == 0
    usual = time.monotonic() - began
    delay = 0.35 * usual
    old = {"first"}
    seen = set()
    for trial in range(16):
        mark = secrets.token_hex(8)
        tip = remote.git("rev-parse", HISTORY)
        writer = start(clone.root, f"run-{trial}", ENVIRON | {"MARK": mark})
        if trial % 2:
            _wait_for_move(remote, tip, writer)
        else:
            time.sleep(delay)
        _kill_marked(mark, spared=remote.path)
        code = finish(writer)
        _wait_for_marked(mark)
        new = old | {f"run-{trial}"}
        found = remote.runs()
        assert found in (old, new)
        if code:
            seen.add("moved" if found == new else "not moved")
        if not trial % 2:
            delay = max(0, delay + (-0.08 if found == new else 0.08) * usual)
        clone.git("fsck", "--full", "--no-dangling")
        _remove_git_locks(clone.root)
        GitBranch(clone.root, remote="origin", environ=ENVIRON).add([result(f"run-{trial}")])
        old = remote.runs()
        assert old == new
    assert seen == {"moved", "not moved"}


def _wait_for_move(remote: Remote, tip: str, writer: subprocess.Popen[bytes]) -> None:
    """Wait until the remote's branch is not at `tip` any more, or the writer has ended."""
    ref = remote.path / HISTORY
    while writer.poll() is None and ref.read_text().strip() == tip:
        time.sleep(0.001)


def _marked(mark: str) -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"MARK={mark}".encode() in process.joinpath("environ").read_bytes():
                yield process
        except OSError:
            continue


def _kill_marked(mark: str, *, spared: Path) -> None:
    for process in list(_marked(mark)):
        try:
            if process.joinpath("cwd").resolve() != spared:
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue


def _wait_for_marked(mark: str) -> None:
    """Wait for the server's processes, and for those that they start."""
    while marked := [int(process.name) for process in _marked(mark)]:
        wait_for_end(marked)


def _remove_git_locks(root: Path) -> None:
    """What git asks its user to do after a power cut in the middle of a change to a ref."""
    for lock in (root / ".git").rglob("*.lock"):
        if lock.name != "covernance-history.lock":
            lock.unlink()


@pytest.mark.architecture
def test_a_shallow_clone_will_do_and_stays_what_it_was(remote: Remote) -> None:
    full = GitBranch(remote.clone("full").root, remote="origin", environ=ENVIRON)
    full.add([result("1")])
    full.add([result("2")])
    clone = remote.clone("shallow", "--depth=1")
    shallow = GitBranch(clone.root, remote="origin", environ=ENVIRON)
    shallow.add([result("3")])
    full.add([result("4")])
    shallow.add([result("5")])
    assert remote.runs() == {"1", "2", "3", "4", "5"}
    assert [shallow.read(entry) for entry in shallow.entries()] == [
        result(run) for run in ("1", "2", "3", "4", "5")
    ]
    assert remote.git("rev-list", "--count", HISTORY) == "5"
    assert clone.git("rev-list", "--count", "HEAD") == "1"
    clone.git("fetch", "--quiet", "--unshallow")
    assert clone.git("rev-list", "--count", "HEAD") == "3"


@pytest.mark.architecture
def test_a_full_clone_does_not_become_shallow(remote: Remote) -> None:
    clone = remote.clone("full")
    GitBranch(remote.clone("other").root, remote="origin", environ=ENVIRON).add([result("1")])
    GitBranch(clone.root, remote="origin", environ=ENVIRON).add([result("2")])
    assert clone.git("rev-parse", "--is-shallow-repository") == "false"


@pytest.mark.architecture
def test_a_clone_without_file_contents_will_do(remote: Remote) -> None:
    remote.git("config", "uploadpack.allowFilter", "true")
    full = GitBranch(remote.clone("full").root, remote="origin", environ=ENVIRON)
    full.add([result("1")])
    clone = remote.clone("partial", "--filter=blob:none")
    partial = GitBranch(clone.root, remote="origin", environ=ENVIRON)
    partial.add([result("2")])
    assert [partial.read(entry) for entry in partial.entries()] == [result("1"), result("2")]


@pytest.mark.architecture
def test_a_worktree_will_do_and_stays_as_it_is(remote: Remote, tmp_path: Path) -> None:
    clone = remote.clone("clone")
    clone.git("worktree", "add", "--quiet", "-b", "feature", str(tmp_path / "work"))
    before = fingerprint(clone), worktree_state(clone)
    GitBranch(tmp_path / "work", remote="origin", environ=ENVIRON).add([result("1")])
    assert remote.runs() == {"1"}
    assert (fingerprint(clone), worktree_state(clone)) == before


def worktree_state(clone: Repository) -> dict[str, bytes]:
    folder = clone.root / ".git" / "worktrees" / "work"
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def fingerprint(clone: Repository) -> dict[str, object]:
    """Everything of a checkout that the user may notice."""
    git = clone.root / ".git"
    kept = ("index", "HEAD", "config", "FETCH_HEAD", "ORIG_HEAD", "MERGE_HEAD", "logs/HEAD")
    found: dict[str, object] = {
        name: (git / name).read_bytes() if (git / name).exists() else None for name in kept
    }
    return found | {
        "status": clone.git("--no-optional-locks", "status", "--porcelain=v2", "--branch"),
        "refs": clone.git("for-each-ref", "refs/heads", "refs/tags", "refs/stash"),
        "files": {
            path.relative_to(clone.root): path.read_bytes()
            for path in clone.root.rglob("*")
            if path.is_file() and not path.is_relative_to(git)
        },
    }


@pytest.mark.security
def test_nothing_that_the_user_has_open_changes(remote: Remote) -> None:
    """In the middle of a merge with a conflict, with staged, changed, new and stashed files."""
    clone = remote.clone("clone")
    clone.write("stashed", "x")
    clone.git("stash", "--include-untracked", "--quiet")
    clone.git("branch", "other", "HEAD~1")
    clone.git("tag", "v1")
    clone.write("number", "theirs")
    clone.git("commit", "--quiet", "--all", "--message=theirs")
    clone.git("switch", "--quiet", "other")
    clone.write("number", "ours")
    clone.git("commit", "--quiet", "--all", "--message=ours")
    assert clone.command("git", *IDENTITY, "merge", "main").code == 1
    clone.write("staged", "1")
    clone.git("add", "staged")
    clone.write("staged", "2")
    clone.write("new", "3")
    before = fingerprint(clone)
    store = GitBranch(clone.root, remote="origin", environ=ENVIRON)
    store.add([result("1"), result("2")])
    GitBranch(remote.clone("other").root, remote="origin", environ=ENVIRON).add([result("3")])
    store.prune(store.entries()[:1])
    local = GitBranch(clone.root, branch="local-history", environ=ENVIRON)
    local.add([result("1")])
    clone.git("update-ref", "-d", "refs/heads/local-history")
    assert fingerprint(clone) == before
    assert remote.runs() == {"2", "3"}


@pytest.mark.security
def test_a_push_that_is_refused_ends_with_the_remote_s_words(remote: Remote) -> None:
    hook = remote.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'GH006: protected branch'; exit 1\n")
    hook.chmod(0o755)
    clone = remote.clone("clone")
    clone.write(RESULT, result("1").encode().decode())
    ran = clone.covernance("history", "add", "--store", "git", RESULT)
    assert ran.code == 3
    assert ran.err.startswith("covernance: origin/coverage-history: the push was rejected: ")
    assert "GH006: protected branch" in ran.err
    assert ran.err.count("\n") == 1


class _AsksForPassword(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.end_headers()


@pytest.mark.security
def test_a_remote_that_asks_for_a_password_is_an_error_that_tells_no_secret(
    remote: Remote,
) -> None:
    clone = remote.clone("clone")
    clone.write(RESULT, result("1").encode().decode())
    with serving(_AsksForPassword) as server:
        for secret in ("", "ci:hunter2@"):
            address = f"http://{secret}{server}/x.git"
            clone.git("remote", "set-url", "origin", address)
            ran = clone.covernance("history", "add", "--store", "git", RESULT)
            assert ran.code == 3
            assert "origin/coverage-history: can't be fetched: " in ran.err
            assert "hunter2" not in ran.text


@pytest.mark.architecture
def test_results_of_real_runs_go_from_clone_to_clone(remote: Remote) -> None:
    first, second = remote.clone("first"), remote.clone("second")
    assert first.covernance("run").code == 0
    added = first.covernance("history", "add", "--store", "git")
    assert added.code == 0, added.text
    assert added.out.startswith("added ")
    listed = second.covernance("history", "list", "--store", "git")
    assert listed.out == added.out.removeprefix("added ")
    commit = first.git("rev-parse", "HEAD")
    shown = second.covernance("history", "show", commit[:8], "--store", "git")
    assert "100.00" in shown.out
    exported = second.covernance("history", "export", "--store", "git", "-o", "all.jsonl")
    assert exported.out == "wrote 1 snapshots to all.jsonl\n"
    assert second.covernance("history", "prune", "--store", "git").out == "nothing to delete\n"
    assert first.git("status", "--porcelain") == ""
