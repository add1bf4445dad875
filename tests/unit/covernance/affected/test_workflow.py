from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from covernance.affected.workflow import decide_suites, requirements_files, tool_folders
from covernance.config import Table, load
from covernance.errors import Exit
from covernance.history.directory import Directory
from covernance.history.store import StoreListing
from covernance.matrix.command import command
from covernance.matrix.jobs import Decision
from covernance.model.inputs import Inputs
from covernance.model.snapshot import Snapshot
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability

NOW = datetime(2026, 11, 22, tzinfo=UTC)
INPUTS = Inputs(
    read=("calc/__init__.py", "pyproject.toml", "tests/test_calc.py"),
    asked=("tests/conftest.py",),
    listed=("calc",),
)


@pytest.fixture
def kept(snapshot: Snapshot, repository: Repository) -> Snapshot:
    """A passing result of `calc`, of a commit that is still to come."""
    source = msgspec.structs.replace(snapshot.provenance, config=load(repository.root).digest())
    return msgspec.structs.replace(
        snapshot, suite="calc", verdict="pass", provenance=source, inputs=INPUTS
    )


@pytest.fixture
def began(repository: Repository, kept: Snapshot) -> str:
    """The commit that the result is stored of; notes.md lies there."""
    repository.write("notes.md", "")
    repository.commit_first()
    commit = repository.git("rev-parse", "HEAD")
    store(repository, kept, commit)
    return commit


def store(repository: Repository, result: Snapshot, commit: str) -> None:
    shutil.rmtree(repository.root / "coverage/history", ignore_errors=True)
    source = msgspec.structs.replace(result.provenance, commit=commit)
    Directory(repository.root / "coverage/history").add(
        [msgspec.structs.replace(result, provenance=source)]
    )


@pytest.fixture
def table(repository: Repository) -> Table:
    return load(repository.root)


def decided(table: Table, began: str, **environ: str) -> Decision:
    store = Directory(table.root / "coverage/history")
    return decide_suites(table, StoreListing(store), began, environ, NOW)["calc"]


def test_an_unaffected_suite_is_left_out(table: Table, began: str) -> None:
    decision = decided(table, began)
    assert decision.reasons == (f"nothing that it depends on changed since {began[:12]}",)
    assert decision.entry
    assert decision.entry.commit == began


def test_suite_without_a_stored_result_runs(
    table: Table, began: str, repository: Repository
) -> None:
    shutil.rmtree(repository.root / "coverage/history")
    assert decided(table, began) == Decision(
        ("no stored result for the base commit or any commit before it",)
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("calc/__init__.py", "calc/__init__.py changed: its last run read it"),
        ("calc/more.py", "calc/more.py is new: its last run listed calc"),
        ("tests/conftest.py", "tests/conftest.py is new: its last run looked for it"),
        ("noxfile.py", "noxfile.py is new: the sessions"),
    ],
)
def test_what_the_run_depended_on_affects_its_suite(
    table: Table, began: str, repository: Repository, path: str, reason: str
) -> None:
    repository.append(path, "# more\n")
    assert decided(table, began) == Decision((reason,))


def test_what_the_run_did_not_depend_on_affects_nothing(
    table: Table, began: str, repository: Repository
) -> None:
    repository.append("notes.md", "more")
    repository.write("tests/data.csv", "")
    assert decided(table, began).entry


@pytest.mark.security
def test_a_result_without_inputs_runs_its_suite(
    table: Table, began: str, repository: Repository, kept: Snapshot
) -> None:
    store(repository, msgspec.structs.replace(kept, inputs=None), began)
    reason = "its stored result does not list what it depends on"
    assert decided(table, began) == Decision((reason,))


@pytest.mark.security
def test_a_change_since_an_older_result_counts(
    table: Table, began: str, repository: Repository
) -> None:
    repository.append("calc/__init__.py", "# more\n")
    repository.git("commit", "-qam", "more")
    decision = decided(table, repository.git("rev-parse", "HEAD"))
    assert decision == Decision(("calc/__init__.py changed: its last run read it",))


def test_everything_runs_on_other_ci_events(table: Table, began: str) -> None:
    decision = decided(table, began, GITHUB_EVENT_NAME="push", GITHUB_REF="refs/heads/main")
    assert decision == Decision(("everything runs on refs/heads/main (push)",))
    assert decided(table, began, GITHUB_EVENT_NAME="pull_request").entry


def test_requirements_are_followed_to_what_they_include(repository: Repository) -> None:
    repository.write("locks/calc.txt", "-r ../base.txt\n--constraint=limits.txt  # why\n-e .\n")
    repository.write("base.txt", "-r locks/calc.txt\n-crequired.txt\npytest\n")
    suite = msgspec.structs.replace(load(repository.root).suites[0], requirements="locks/calc.txt")
    assert requirements_files(repository.root, suite) == {
        "base.txt",
        "locks/calc.txt",
        "locks/limits.txt",
        "required.txt",
    }


@pytest.mark.security
def test_a_tool_that_is_part_of_the_repository_is_watched(table: Table) -> None:
    assert tool_folders(table.root) == ()
    here = Path(__file__).resolve().parents[4]
    assert set(tool_folders(here)) <= {"src/covernance", "src/covernance_agent"}
    assert tool_folders(Path("/"))


@pytest.mark.usefixtures("began")
def test_command_lists_at_most_a_few_reasons(repository: Repository) -> None:
    for number in range(7):
        repository.write(f"calc/m{number}.py", "")
    done = CliRunner().invoke(
        command, ["--affected", "--base", "main"], standalone_mode=False, catch_exceptions=False
    )
    assert done.return_value is Exit.PASS
    assert done.stdout.splitlines() == [
        "calc: nox -s tests_unit_calc",
        *(f"  calc/m{number}.py is new: its last run listed calc" for number in range(5)),
        "  … and 2 more",
    ]
