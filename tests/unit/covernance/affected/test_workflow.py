from __future__ import annotations

import shutil
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
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability

INPUTS = Inputs(
    read=("calc/__init__.py", "pyproject.toml", "tests/test_calc.py"),
    asked=("tests/conftest.py",),
    listed=("calc",),
)


@pytest.fixture
def stored_result(snapshot: Snapshot, repository: Repository) -> Snapshot:
    """A passing result of `calc`, for a commit that is made later."""
    source = msgspec.structs.replace(snapshot.provenance, config=load(repository.root).digest())
    return msgspec.structs.replace(
        snapshot, suite="calc", verdict="pass", provenance=source, inputs=INPUTS
    )


@pytest.fixture
def stored_commit(repository: Repository, stored_result: Snapshot) -> str:
    """The commit of the stored result; it contains notes.md."""
    repository.write("notes.md", "")
    repository.commit_first()
    commit = repository.git("rev-parse", "HEAD")
    store(repository, stored_result, commit)
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


def decide_calc(table: Table, stored_commit: str, **environ: str) -> Decision:
    store = Directory(table.root / "coverage/history")
    return decide_suites(context_of(table, environ), StoreListing(store), stored_commit)["calc"]


def test_unaffected_suite_is_left_out(table: Table, stored_commit: str) -> None:
    decision = decide_calc(table, stored_commit)
    assert decision.reasons == (f"nothing that it depends on changed since {stored_commit[:12]}",)
    assert decision.entry
    assert decision.entry.commit == stored_commit


def test_suite_without_a_stored_result_runs(
    table: Table, stored_commit: str, repository: Repository
) -> None:
    shutil.rmtree(repository.root / "coverage/history")
    assert decide_calc(table, stored_commit) == Decision(
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
def test_changed_input_affects_the_suite(
    table: Table, stored_commit: str, repository: Repository, path: str, reason: str
) -> None:
    repository.append(path, "# more\n")
    assert decide_calc(table, stored_commit) == Decision((reason,))


def test_other_change_does_not_affect_the_suite(
    table: Table, stored_commit: str, repository: Repository
) -> None:
    repository.append("notes.md", "more")
    repository.write("tests/data.csv", "")
    assert decide_calc(table, stored_commit).entry


@pytest.mark.security
def test_suite_runs_if_its_result_lists_no_inputs(
    table: Table, stored_commit: str, repository: Repository, stored_result: Snapshot
) -> None:
    store(repository, msgspec.structs.replace(stored_result, inputs=None), stored_commit)
    reason = "its stored result does not list what it depends on"
    assert decide_calc(table, stored_commit) == Decision((reason,))


@pytest.mark.security
def test_change_since_an_older_result_counts(
    table: Table, stored_commit: str, repository: Repository
) -> None:
    repository.append("calc/__init__.py", "# more\n")
    repository.git("commit", "-qam", "more")
    decision = decide_calc(table, repository.git("rev-parse", "HEAD"))
    assert decision == Decision(("calc/__init__.py changed: its last run read it",))


def test_everything_runs_on_other_ci_events(table: Table, stored_commit: str) -> None:
    decision = decide_calc(
        table, stored_commit, GITHUB_EVENT_NAME="push", GITHUB_REF="refs/heads/main"
    )
    assert decision == Decision(("everything runs on refs/heads/main (push)",))
    assert decide_calc(table, stored_commit, GITHUB_EVENT_NAME="pull_request").entry


def test_included_requirements_files_are_found(repository: Repository) -> None:
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
def test_tool_in_the_repository_is_an_input(table: Table) -> None:
    assert tool_folders(table.root) == ()
    root = Path(__file__).resolve().parents[4]
    assert set(tool_folders(root)) <= {"src/covernance", "src/covernance_agent"}
    assert tool_folders(Path("/"))


@pytest.mark.usefixtures("stored_commit")
def test_command_limits_the_listed_reasons(repository: Repository) -> None:
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
