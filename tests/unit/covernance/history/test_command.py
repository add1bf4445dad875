from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from covernance.errors import CovernanceError, Exit
from covernance.history import directory
from covernance.history.command import command
from covernance.model.snapshot import Floor, Snapshot
from tests.unit.covernance.history.samples import recorded
from tests.utils.repository import Repository
from tests.utils.results import measured_now

pytestmark = pytest.mark.architecture

AT = "2026-11-21T12:00:00Z"
COMMIT = "3f" * 20
ROW = f"{AT}  api   {COMMIT[:12]}  1-1  main"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, standalone_mode=False)


def run_lines(*arguments: str) -> list[str]:
    ran = call(*arguments)
    assert ran.exception is None, ran.exception
    assert ran.return_value is Exit.PASS
    return ran.output.splitlines()


@pytest.fixture
def governed(repository: Repository, snapshot: Snapshot) -> Repository:
    """A repository under git whose two suites have run on a clean checkout."""
    repository.prepare(Repository.initialize)
    for suite in ("api", "auth"):
        result = recorded(snapshot, suite, COMMIT, "1-1", "main", AT)
        repository.write(f"coverage/{suite}.snapshot.json", result.encode().decode())
    return repository


def dirty(repository: Repository, snapshot: Snapshot) -> Path:
    source = msgspec.structs.replace(snapshot.provenance, commit=COMMIT, dirty=True)
    result = msgspec.structs.replace(snapshot, provenance=source)
    return repository.write("dirty.json", result.encode().decode())


def test_results_are_added_once_and_listed(governed: Repository) -> None:
    nothing = [f"{governed.root / 'coverage/history'}: no such result"]
    assert run_lines("list") == nothing
    rows = [ROW, ROW.replace("api ", "auth")]
    assert run_lines("add", "--dry-run") == [f"would add {row}" for row in rows]
    assert run_lines("list") == nothing
    assert run_lines("add") == [f"added {row}" for row in rows]
    assert run_lines("add") == ["nothing to add: every result is already stored"]
    assert run_lines("list") == rows
    assert run_lines("list", "--suite", "auth", "--branch", "main") == [ROW.replace("api ", "auth")]
    assert run_lines("list", "--branch", "other") == nothing


@pytest.mark.security
def test_a_stale_result_is_left_out_unless_its_file_is_named(
    repository: Repository, snapshot: Snapshot
) -> None:
    repository.commit_first()
    result = measured_now(msgspec.structs.replace(snapshot, suite="calc"), repository.root)
    repository.write("coverage/calc.snapshot.json", result.encode().decode())
    repository.append("calc/__init__.py", "z = 3\n")
    ran = call("add")
    assert isinstance(ran.exception, CovernanceError)
    assert "calc: stale: calc/__init__.py was edited after the suite" in str(ran.exception)
    other = recorded(snapshot, "auth", COMMIT, "1-1", "main", AT)
    repository.write("coverage/auth.snapshot.json", other.encode().decode())
    first, second = run_lines("add")
    assert first.startswith("history: calc is left out: stale: ")
    assert second.startswith("added ")
    assert run_lines("add", "coverage/calc.snapshot.json")[0].startswith("added ")


def test_results_are_restored_for_other_commands(
    repository: Repository, snapshot: Snapshot
) -> None:
    for branch in ("main", "topic"):
        result = recorded(snapshot, "calc", COMMIT, f"{branch}-1", branch, AT)
        run_lines("add", str(repository.write("one.json", result.encode().decode())))
    restored = repository.root / "coverage/calc.snapshot.json"
    for arguments, branch in (((), "main"), (("--branch", "topic"), "topic")):
        restored.unlink(missing_ok=True)
        assert run_lines("restore", *arguments) == [
            f"restored {AT}  calc  {COMMIT[:12]}  {branch}-1  {branch}"
        ]
        assert json.loads(restored.read_text())["provenance"]["branch"] == branch


def test_entries_are_available_as_json(governed: Repository) -> None:
    run_lines("add", "coverage/api.snapshot.json")
    expected = {
        "recorded_at": AT,
        "suite": "api",
        "commit": COMMIT,
        "run_id": "1-1",
        "branch": "main",
    }
    assert json.loads("".join(run_lines("list", "--format", "json"))) == [expected]
    assert json.loads("".join(run_lines("list", "--suite", "x", "--format", "json"))) == []


def test_paths_are_relative_to_the_current_folder(
    governed: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(governed.root / "coverage")
    assert run_lines("add", "api.snapshot.json") == [f"added {ROW.replace('api   ', 'api  ')}"]


def test_a_commit_is_shown_like_a_run(governed: Repository) -> None:
    run_lines("add")
    lines = run_lines("show", COMMIT[:7])
    assert lines[:2] == [ROW, ROW.replace("api ", "auth")]
    assert lines[3].split()[:3] == ["suite", "theme", "tests"]
    assert ["api", "all", "1", "75.00", "90", "below-floor"] in [line.split() for line in lines]
    shown = json.loads("".join(run_lines("show", COMMIT, "--suite", "api", "--format", "json")))
    assert [result["suite"] for result in shown] == ["api"]


def test_a_branch_is_accepted_as_commit(governed: Repository, snapshot: Snapshot) -> None:
    governed.git("commit", "--quiet", "--allow-empty", "--message", "one")
    commit = governed.git("rev-parse", "HEAD").strip()
    result = recorded(snapshot, "api", commit, "1-1", "main", AT)
    run_lines("add", str(governed.write("one.json", result.encode().decode())))
    for name in ("HEAD", "main"):
        assert run_lines("show", name)[0] == f"{AT}  api  {commit[:12]}  1-1  main"
    refused = call("show", "no-such-branch").exception
    assert isinstance(refused, CovernanceError)
    assert "'no-such-branch': is not a commit in this clone" in str(refused)


def test_a_detached_head_is_shown_as_such(governed: Repository, snapshot: Snapshot) -> None:
    result = recorded(snapshot, "api", COMMIT, "1-1", None, AT)
    path = governed.write("detached.json", result.encode().decode())
    assert run_lines("add", str(path))[0].endswith("  1-1  (no branch)")


def test_old_results_are_deleted_by_the_retention_policy(
    governed: Repository, snapshot: Snapshot
) -> None:
    store = directory.Directory(governed.root / "coverage" / "history")
    store.add(
        [
            recorded(snapshot, "api", COMMIT, str(day), "main", f"2026-11-{day}T12:00:00Z")
            for day in range(16, 22)
        ]
    )
    assert run_lines("prune") == ["nothing to delete"]
    would = run_lines("prune", "--keep", "2", "--dry-run")
    assert [line.split()[:2] for line in would] == [["would", "delete"]] * 4
    assert len(run_lines("list")) == 6
    assert len(run_lines("prune", "--keep", "2")) == 4
    assert [line.split()[-2] for line in run_lines("list")] == ["20", "21"]
    assert run_lines("prune", "--keep", "1", "--default-branch", "trunk")[0].startswith("deleted ")


def test_an_export_goes_to_a_file_or_to_standard_output(governed: Repository) -> None:
    run_lines("add")
    lines = run_lines("export", "--suite", "api")
    assert [json.loads(line)["suite"] for line in lines] == ["api"]
    assert run_lines("export", "-o", "all.jsonl") == ["wrote 2 snapshots to all.jsonl"]
    assert (governed.root / "all.jsonl").read_text().splitlines()[0] == lines[0]


@pytest.mark.security
def test_control_characters_in_a_shared_result_are_escaped(
    governed: Repository, snapshot: Snapshot
) -> None:
    result = recorded(snapshot, "api", COMMIT, "1-1", "main", AT)
    hostile = msgspec.structs.replace(result, floor=Floor("90\x1b[2J", "x"))
    run_lines("add", str(governed.write("hostile.json", hostile.encode().decode())))
    assert "\x1b" not in "".join(run_lines("show", COMMIT))


@pytest.mark.security
def test_the_git_store_only_accepts_results_of_a_clean_checkout(
    governed: Repository, snapshot: Snapshot
) -> None:
    path = str(dirty(governed, snapshot))
    refused = call("add", "--store", "git", path).exception
    assert isinstance(refused, CovernanceError)
    assert "--allow-dirty" in str(refused)
    assert run_lines("list", "--store", "git") == ["the branch coverage-history: no such result"]
    assert run_lines("add", "--store", "git", "--allow-dirty", path)[0].startswith("added ")
    assert run_lines("add", path)[0].startswith("added ")


@pytest.mark.security
def test_a_git_store_set_in_the_table_rejects_a_dirty_checkout(
    governed: Repository, snapshot: Snapshot
) -> None:
    governed.append(
        "pyproject.toml", '\n[tool.covernance.history]\nstore = "git"\nbranch = "past"\n'
    )
    path = str(dirty(governed, snapshot))
    assert isinstance(call("add", path).exception, CovernanceError)
    run_lines("add")
    assert governed.git("branch", "--list", "past") == "past"


def test_the_git_store_uses_the_tables_remote_by_default(
    governed: Repository, tmp_path: Path
) -> None:
    for name in ("origin", "mirror"):
        governed.git("init", "--quiet", "--bare", str(tmp_path / f"{name}.git"))
        governed.git("remote", "add", name, str(tmp_path / f"{name}.git"))
    run_lines("add", "--store", "git", "coverage/api.snapshot.json")
    run_lines("add", "--store", "git", "--remote", "mirror", "--store-branch", "past")
    run_lines("add", "--store", "git", "--local", "--store-branch", "here")
    branches = {
        place: governed.git("-C", str(folder), "branch", "--format=%(refname:short)")
        for place, folder in {
            "origin": tmp_path / "origin.git",
            "mirror": tmp_path / "mirror.git",
            "here": governed.root,
        }.items()
    }
    assert branches == {"origin": "coverage-history", "mirror": "past", "here": "here"}


@pytest.mark.reliability
def test_the_directory_store_needs_no_git(
    governed: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert len(run_lines("add")) == 2


@pytest.mark.reliability
@pytest.mark.parametrize("arguments", [("prune", "--keep", "0"), ("list", "--store", "hub")])
def test_an_invalid_option_is_rejected(governed: Repository, arguments: tuple[str, ...]) -> None:
    assert call(*arguments).exception is not None
