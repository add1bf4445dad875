from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from covernance.errors import ConfigError, Exit
from covernance.exceptions import command as exceptions
from covernance.model.counts import Counts
from tests.unit.covernance.exceptions.register_samples import document, line, measured
from tests.utils.contexts import NOW, start_commands_at
from tests.utils.repository import Repository
from tests.utils.results import measured_now

pytestmark = pytest.mark.architecture

REGISTER = Path("tests/docs/test_framework_upgrades/coverage_exceptions.md")
ROW = line(module="`calc/a.py`", suite="calc", current="75.00 / 90")
EXPIRED = ROW.replace("2027-01-01", "2026-11-20")


@pytest.fixture(autouse=True)
def _house(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository whose suite has one file below its floor, on a fixed day."""
    start_commands_at(monkeypatch, NOW)
    register(document())
    Path("coverage").mkdir()
    snapshot = measured_now(measured({"calc/a.py": Counts(4, 3)}, suite="calc"), repository.root)
    Path("coverage/calc.snapshot.json").write_bytes(snapshot.encode())


def register(text: str) -> None:
    REGISTER.parent.mkdir(parents=True, exist_ok=True)
    REGISTER.write_text(text, encoding="utf-8")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(exceptions.command, arguments, standalone_mode=False)


def test_sync_reports_changes_and_then_that_there_are_none() -> None:
    first = call("sync")
    assert "label allow-exception-added" in first.stderr
    assert first.stdout == "opened: calc/a.py (calc): 75.00 / 90\n"
    assert first.return_value is Exit.PASS
    assert call("sync").output == f"{REGISTER}: no change\n"
    assert "`calc/a.py`" in REGISTER.read_text(encoding="utf-8")


def test_a_dry_run_prints_the_diff_and_writes_nothing() -> None:
    shown = call("sync", "--dry-run").stdout
    assert shown.startswith(f"--- a/{REGISTER}\n+++ b/{REGISTER}\n")
    assert "\n+| `calc/a.py` | calc | 75.00 / 90 | **TODO: rationale** |" in shown
    assert REGISTER.read_text(encoding="utf-8") == document()


def test_a_dry_run_of_an_up_to_date_register_prints_no_change() -> None:
    register(document(ROW))
    assert call("sync", "--dry-run").output == f"{REGISTER}: no change\n"


@pytest.mark.reliability
def test_a_suite_without_a_run_is_reported() -> None:
    Path("coverage/calc.snapshot.json").unlink()
    result = call("sync")
    assert result.stderr == (
        "calc: rows not compared: no result of this suite; run `covernance run --suite calc`\n"
    )
    assert result.stdout == f"{REGISTER}: no change\n"


def test_check_passes_a_valid_register() -> None:
    register(document(ROW))
    result = call("check")
    assert result.return_value is Exit.PASS
    assert result.output == f"{REGISTER}: up to date and complete, nothing expired\n"


@pytest.mark.security
def test_check_fails_with_the_place_and_the_fix() -> None:
    register(document(EXPIRED, line(module="`calc/b.py`", suite="calc", rationale="")))
    result = call("check")
    assert result.return_value is Exit.GATE
    late, gone, unfilled = result.output.splitlines()
    assert late.startswith(f"{REGISTER}:6: calc/a.py (calc): expired on 2026-11-20; cover the file")
    assert gone.startswith(f"{REGISTER}:7: calc/b.py (calc): is not a file of suite calc: ")
    assert unfilled == f"{REGISTER}:7: calc/b.py (calc): incomplete: fill in rationale"


@pytest.mark.security
def test_check_reports_a_missing_row_without_a_line() -> None:
    result = call("check", "--suite", "calc")
    assert result.return_value is Exit.GATE
    assert result.output.startswith(f"{REGISTER}: calc/a.py (calc): below its floor")


def test_check_warns_of_a_row_that_expires_soon() -> None:
    register(document(ROW.replace("2027-01-01", "2026-11-28")))
    result = call("check")
    assert result.return_value is Exit.PASS
    assert result.output.splitlines()[0] == (
        f"warning: {REGISTER}:6: calc/a.py (calc): expires in 7 days, on 2026-11-28"
    )


def test_check_as_json_has_problems_and_expiring_rows() -> None:
    register(document(EXPIRED))
    result = call("check", "--format", "json")
    assert result.return_value is Exit.GATE
    actual = json.loads(result.output)
    assert [problem["kind"] for problem in actual["problems"]] == ["expired-exception"]
    assert [(due["row"]["module"], due["days"]) for due in actual["due"]] == [("calc/a.py", -1)]


def test_list_shows_rows_and_their_debt() -> None:
    resolved = line(module="`calc/old.py`", suite="calc", status="resolved (abc) on 2026-11-02")
    register(document(EXPIRED, resolved))
    head, _rule, first, second, total = call("list").output.splitlines()
    assert head.split()[:5] == ["module", "suite", "current", "/", "floor"]
    assert " ".join(first.split()) == (
        "calc/a.py calc 75.00 / 90 1 20 d 2026-11-20 (expired) @a open since 2026-11-01, "
        "waives nothing"
    )
    assert second.split()[5:7] == ["0", "2027-01-01"]
    assert total == (
        "1 open of 2 rows, 1 expired; coverage debt: 1 statements and branches; "
        "the oldest is 20 days old"
    )


@pytest.mark.reliability
def test_list_does_not_count_suites_that_were_not_run() -> None:
    register(document(ROW))
    Path("coverage/calc.snapshot.json").unlink()
    _head, _rule, row, total = call("list").output.splitlines()
    assert row.split()[5] == "?"
    assert "0 statements and branches, not counting 1 row of suites that were not run" in total


def test_an_empty_list_prints_one_sentence() -> None:
    assert call("list").output == (
        "0 open of 0 rows, 0 expired; coverage debt: 0 statements and branches\n"
    )


def test_list_as_json_has_rows_and_totals() -> None:
    register(document(ROW))
    result = json.loads(call("list", "--format", "json").output)
    assert result["totals"] == {
        "rows": 1,
        "open": 1,
        "expired": 0,
        "missing": 1,
        "unmeasured": 0,
        "oldest": 20,
    }
    (debt,) = result["rows"]
    assert (debt["age"], debt["missing"], debt["row"]["owner"]) == (20, 1, "@a")


@pytest.mark.reliability
@pytest.mark.parametrize("command", ["sync", "check", "list"])
def test_an_unknown_suite_is_a_clear_error(command: str) -> None:
    result = call(command, "--suite", "clac")
    assert isinstance(result.exception, ConfigError)
    assert "did you mean 'calc'" in str(result.exception)


@pytest.mark.parametrize("command", ["sync", "check", "list"])
def test_every_help_text_has_examples(command: str) -> None:
    shown = call(command, "--help").output
    assert "Examples:" in shown
    assert f"covernance exceptions {command}" in shown
