from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from covernance.errors import ConfigError, Exit
from covernance.model.counts import Counts
from covernance.model.snapshot import FileResult, Snapshot
from covernance.model.text import escape_unprintable
from covernance.patch.command import command
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

SOURCE = "calc/__init__.py"


@pytest.fixture(autouse=True)
def _change(repository: Repository, snapshot: Snapshot) -> None:
    """A change of three lines, of which one did not run and one took one of its two branches."""
    repository.commit_first()
    repository.append(SOURCE, "if x:\n    y = 3\nz = 4\n")
    file = FileResult(
        total=Counts(),
        themes={},
        executed_lines="1-3,5",
        missing_lines="4",
        branches={3: (2, 1)},
    )
    provenance = msgspec.structs.replace(
        snapshot.provenance, dirty=True, recorded_at="2100-01-01T00:00:00Z"
    )
    made = msgspec.structs.replace(
        snapshot, suite="calc", files={SOURCE: file}, provenance=provenance
    )
    Path("coverage").mkdir()
    Path("coverage/calc.snapshot.json").write_bytes(made.encode())


def call(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)


def test_what_did_not_run_is_listed_by_file_and_line(repository: Repository) -> None:
    ran = call("--min-lines", "1")
    head = repository.git("rev-parse", "HEAD")
    assert ran.stdout.splitlines() == [
        f"changes since {head[:12]}",
        "calc: below-floor: 60.00 % (floor 90 %); 3 of 5 changed lines and branches ran",
        "calc × architecture: informs: 0.00 %; 0 of 3 changed lines and branches ran",
        "calc × security: informs: 0.00 %; 0 of 3 changed lines and branches ran",
        f"  {SOURCE}:4: did not run",
        f"  {SOURCE}:3: not every branch was taken",
    ]
    assert ran.return_value is Exit.GATE


def test_few_lines_and_a_low_floor_pass() -> None:
    assert call("--min-lines", "4").return_value is Exit.PASS
    assert call("--min-lines", "1", "--fail-under", "60").return_value is Exit.PASS


def test_the_same_as_json(repository: Repository) -> None:
    ran = call("--format", "json", "--suite", "calc", "--base", "main", "--min-lines", "1")
    document = json.loads(ran.stdout)
    assert (document["exit"], ran.return_value) == (2, Exit.GATE)
    assert document["base"] == repository.git("rev-parse", "main")
    result = document["suites"][0]["results"][0]
    assert (result["verdict"], result["floor"]) == ("below-floor", "90")
    assert result["uncovered"] == [[SOURCE, 4]]
    assert result["counts"] == {"statements": 3, "executed": 2, "branches": 2, "taken": 1}


def test_a_soft_start_reports_and_passes_loudly() -> None:
    ran = call("--soft", "--min-lines", "1")
    assert "below-floor" in ran.stdout
    assert "SOFT" in ran.stderr
    assert ran.return_value is Exit.PASS
    as_json = call("--soft", "--min-lines", "1", "--format", "json")
    assert json.loads(as_json.stdout)["exit"] == 2
    assert as_json.return_value is Exit.PASS


def test_where_nothing_changed_the_suite_says_so_once(repository: Repository) -> None:
    repository.git("commit", "--quiet", "--all", "--message=all")
    ran = call()
    assert ran.stdout.splitlines()[1:] == ["calc: pass: no changed statements (0 of 0)"]
    assert ran.return_value is Exit.PASS


@pytest.mark.security
def test_no_result_is_no_data_even_where_nothing_changed(repository: Repository) -> None:
    repository.git("commit", "--quiet", "--all", "--message=all")
    Path("coverage/calc.snapshot.json").unlink()
    ran = call()
    assert "calc: no-data: no result of this suite; run `covernance run --suite calc`" in ran.stdout
    assert ran.return_value is Exit.GATE


@pytest.mark.security
def test_a_source_that_was_never_measured_is_named(repository: Repository) -> None:
    repository.write("calc/new\x1b[31m.py", "x = 1\n")
    ran = call("--min-lines", "1")
    assert "  calc/new\\x1b[31m.py: never measured" in ran.stdout
    assert "  calc/new\\x1b[31m.py:1: did not run" in ran.stdout
    assert "\x1b" not in ran.stdout


@pytest.mark.security
def test_a_name_can_not_steer_a_terminal_or_break_a_line() -> None:
    assert escape_unprintable("a\x1b[2J\nb\udce9é c") == "a\\x1b[2J\\nb\\udce9é c"


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("--suite", "cal"), "did you mean 'calc'"), (("--fail-under", "x"), "--fail-under: 'x'")],
)
def test_mistakes_are_told(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call(*arguments)


def test_github_gets_a_warning_on_each_place_below_the_text() -> None:
    told = call("--format", "github", "--min-lines", "1").stdout.splitlines()
    assert "calc: below-floor" in told[1]
    assert [line.rpartition("::")[2] for line in told if line.startswith("::warning")] == [
        "This did not run.",
        "Not every branch was taken.",
    ]
