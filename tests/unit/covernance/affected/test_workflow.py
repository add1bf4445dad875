from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from covernance.affected.workflow import _layer, decide, python_files
from covernance.config import Table, load
from covernance.errors import Exit, MachineError
from covernance.history.directory import Directory
from covernance.history.store import Listed
from covernance.matrix.command import command
from covernance.matrix.jobs import Decision
from covernance.model.snapshot import Snapshot
from covernance.reuse.evidence import Evidence, Seen
from tests.utils.agents import ENVIRONMENT
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def began(repository: Repository, snapshot: Snapshot) -> str:
    """The commit that a passing result of `calc` is kept of; notes.md and a helper lie there."""
    repository.write("notes.md", "")
    repository.write("tests/conftest.py", "import calc\n")
    repository.commit_first()
    commit = repository.git("rev-parse", "HEAD")
    source = msgspec.structs.replace(
        snapshot.provenance, commit=commit, config=load(repository.root).digest()
    )
    kept = msgspec.structs.replace(snapshot, suite="calc", verdict="pass", provenance=source)
    Directory(repository.root / "coverage/history").add([kept])
    return commit


@pytest.fixture
def table(repository: Repository) -> Table:
    return load(repository.root)


def decided(table: Table, began: str, **environ: str) -> Decision:
    store = Directory(table.root / "coverage/history")
    return decide(table, Listed(store), began, environ, NOW)["calc"]


def test_an_untouched_suite_is_left_out(table: Table, began: str) -> None:
    decision = decided(table, began)
    assert decision.reasons == (f"nothing that it reaches changed since {began[:12]}",)
    assert decision.entry
    assert decision.entry.commit == began


def test_a_suite_without_a_kept_result_runs(
    table: Table, began: str, repository: Repository
) -> None:
    shutil.rmtree(repository.root / "coverage/history")
    assert decided(table, began) == Decision(("no earlier result is kept",))


def test_what_the_last_run_read_touches_it(
    table: Table, began: str, repository: Repository
) -> None:
    kept = Evidence(
        suite="calc",
        commit=began,
        recorded_at="2026-11-21T12:00:00Z",
        python="/env/bin/python",
        environment=ENVIRONMENT,
        settings={},
        seen=Seen(read={"notes.md": "x"}),
        reports={},
    )
    repository.write("coverage/data/calc/evidence.json", kept.encode().decode())
    repository.write("notes.md", "more")
    assert decided(table, began) == Decision(("notes.md changed: read by its last run",))


def test_prose_touches_who_names_it(table: Table, began: str, repository: Repository) -> None:
    repository.write("notes.md", "more")
    assert decided(table, began).entry
    repository.append("calc/__init__.py", "# see notes.md\n")
    assert "notes.md changed: named in what it imports" in decided(table, began).reasons


def test_everything_runs_where_ci_does_not_ask(table: Table, began: str) -> None:
    decision = decided(table, began, GITHUB_EVENT_NAME="push", GITHUB_REF="refs/heads/main")
    assert decision == Decision(("everything runs on refs/heads/main (push)",))
    assert decided(table, began, GITHUB_EVENT_NAME="pull_request").entry


@pytest.mark.security
def test_prose_touches_who_asks_for_all_of_it(
    table: Table, began: str, repository: Repository
) -> None:
    repository.append("calc/__init__.py", '# glob("*.md")\n')
    repository.write("notes.md", "more")
    assert "notes.md changed: named in what it imports" in decided(table, began).reasons


@pytest.mark.security
def test_a_layer_that_lies_in_the_repository_is_watched(
    monkeypatch: pytest.MonkeyPatch, table: Table
) -> None:
    assert _layer(table.root) is None
    monkeypatch.setattr("covernance.__file__", str(table.root / "src/covernance/__init__.py"))
    assert _layer(table.root) == "src/covernance"


def test_outside_of_a_repository_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="git ls-files: fatal: not a git repository"):
        python_files(tmp_path)


@pytest.mark.usefixtures("began")
def test_the_command_tells_at_most_a_few_reasons(repository: Repository) -> None:
    for number in range(7):
        repository.write(f"calc/m{number}.py", "")
    done = CliRunner().invoke(
        command, ["--affected", "--base", "main"], standalone_mode=False, catch_exceptions=False
    )
    assert done.return_value is Exit.PASS
    assert done.stdout.splitlines() == [
        "calc: nox -s tests_unit_calc",
        *(f"  calc/m{number}.py changed: its source" for number in range(5)),
        "  … and 2 more",
    ]
