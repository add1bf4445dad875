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
from tests.utils.results import measured_now

pytestmark = pytest.mark.architecture

SOURCE = "calc/__init__.py"


@pytest.fixture(autouse=True)
def _change(repository: Repository, snapshot: Snapshot) -> None:
    """A change of three lines, of which one did not run and one took one of its two branches."""
    repository.commit_first()
    repository.append(SOURCE, "if x:\n    y = 3\nz = 4\n")
    measure(repository, snapshot)


def measure(repository: Repository, snapshot: Snapshot) -> None:
    file = FileResult(
        total=Counts(),
        themes={},
        executed_lines="1-3,5",
        missing_lines="4",
        branches={3: (2, 1)},
    )
    publish(repository, snapshot, file)


def publish(repository: Repository, snapshot: Snapshot, file: FileResult) -> None:
    """Write a result of the suite as of now, with the counts of its source."""
    provenance = msgspec.structs.replace(
        snapshot.provenance, dirty=True, recorded_at="2100-01-01T00:00:00Z"
    )
    snapshot_of_change = msgspec.structs.replace(
        snapshot, suite="calc", files={SOURCE: file}, provenance=provenance
    )
    Path("coverage").mkdir(exist_ok=True)
    result = measured_now(snapshot_of_change, repository.root)
    Path("coverage/calc.snapshot.json").write_bytes(result.encode())


def call(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)


def test_uncovered_lines_are_listed_by_file_and_line(repository: Repository) -> None:
    result = call("--min-lines", "1")
    head = repository.git("rev-parse", "HEAD")
    assert result.stdout.splitlines() == [
        f"changes since {head[:12]}",
        "calc: below-floor: 60.00 % (floor 90 %); 3 of 5 changed lines and branches ran",
        "calc × architecture: informs: 0.00 %; 0 of 3 changed lines and branches ran",
        "calc × security: informs: 0.00 %; 0 of 3 changed lines and branches ran",
        f"  {SOURCE}:4: did not run",
        f"  {SOURCE}:3: not every branch was taken",
    ]
    assert result.return_value is Exit.GATE


def test_few_lines_or_a_low_floor_pass() -> None:
    assert call("--min-lines", "4").return_value is Exit.PASS
    assert call("--min-lines", "1", "--fail-under", "60").return_value is Exit.PASS


def test_json_has_the_same_content(repository: Repository) -> None:
    result = call("--format", "json", "--suite", "calc", "--base", "main", "--min-lines", "1")
    document = json.loads(result.stdout)
    assert (document["exit"], result.return_value) == (2, Exit.GATE)
    assert document["base"] == repository.git("rev-parse", "main")
    result = document["suites"][0]["results"][0]
    assert (result["verdict"], result["floor"]) == ("below-floor", "90")
    assert result["uncovered"] == [[SOURCE, 4]]
    assert result["counts"] == {"statements": 3, "executed": 2, "branches": 2, "taken": 1}


def test_soft_exits_0_and_prints_a_warning() -> None:
    result = call("--soft", "--min-lines", "1")
    assert "below-floor" in result.stdout
    assert "SOFT" in result.stderr
    assert result.return_value is Exit.PASS
    as_json = call("--soft", "--min-lines", "1", "--format", "json")
    assert json.loads(as_json.stdout)["exit"] == 2
    assert as_json.return_value is Exit.PASS


def test_suite_without_changes_is_one_line(repository: Repository) -> None:
    repository.git("commit", "--quiet", "--all", "--message=all")
    result = call("--base", "HEAD")
    assert result.stdout.splitlines()[2:] == ["calc: pass: no changed statements (0 of 0)"]
    assert result.return_value is Exit.PASS


@pytest.mark.security
def test_the_default_branch_is_compared_with_the_commit_before(repository: Repository) -> None:
    start = repository.git("rev-parse", "HEAD")
    repository.git("commit", "--quiet", "--all", "--message=all")
    result = call("--min-lines", "1")
    assert f"compared with the commit before it, {start[:12]}" in result.stdout
    assert f"  {SOURCE}:4: did not run" in result.stdout
    assert result.return_value is Exit.GATE


@pytest.mark.security
def test_a_first_commit_has_nothing_to_compare_with(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "--", ".")
    result = call()
    assert result.stdout.splitlines() == [
        "HEAD is the first commit: there is nothing to compare with",
        "patch: nothing to compare",
    ]
    assert result.return_value is Exit.PASS
    document = json.loads(call("--format", "json").stdout)
    assert (document["base"], document["suites"], document["exit"]) == (None, [], 0)


@pytest.mark.security
def test_missing_result_is_no_data_even_without_changes(repository: Repository) -> None:
    repository.git("commit", "--quiet", "--all", "--message=all")
    Path("coverage/calc.snapshot.json").unlink()
    result = call()
    assert (
        "calc: no-data: no result of this suite; run `covernance run --suite calc`" in result.stdout
    )
    assert result.return_value is Exit.GATE


@pytest.mark.security
def test_unmeasured_source_is_listed(repository: Repository, snapshot: Snapshot) -> None:
    repository.write("calc/new\x1b[31m.py", "x = 1\n")
    measure(repository, snapshot)
    result = call("--min-lines", "1")
    assert "  calc/new\\x1b[31m.py: never measured" in result.stdout
    assert "  calc/new\\x1b[31m.py:1: did not run" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.security
def test_file_name_cannot_control_the_terminal() -> None:
    assert escape_unprintable("a\x1b[2J\nb\udce9é c") == "a\\x1b[2J\\nb\\udce9é c"


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("--suite", "cal"), "did you mean 'calc'"), (("--fail-under", "x"), "--fail-under: 'x'")],
)
def test_invalid_option_is_an_error(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call(*arguments)


def test_github_format_adds_a_warning_per_place() -> None:
    output_lines = call("--format", "github", "--min-lines", "1").stdout.splitlines()
    assert "calc: below-floor" in output_lines[1]
    assert [line.rpartition("::")[2] for line in output_lines if line.startswith("::warning")] == [
        "This did not run.",
        "Not every branch was taken.",
    ]


@pytest.mark.reliability
def test_many_uncovered_lines_are_cut_with_a_count_and_the_command_that_shows_all(
    repository: Repository, snapshot: Snapshot
) -> None:
    start = len((repository.root / SOURCE).read_text().splitlines()) + 1
    repository.append(SOURCE, "".join(f"name_{number} = {number}\n" for number in range(15)))
    file = FileResult(
        total=Counts(), themes={}, executed_lines="1", missing_lines=f"4,{start}-{start + 14}"
    )
    publish(repository, snapshot, file)
    lines = call().stdout.splitlines()
    assert sum(line.endswith(": did not run") for line in lines) == 10
    assert any("more; `covernance patch --format json` shows all" in line for line in lines)
