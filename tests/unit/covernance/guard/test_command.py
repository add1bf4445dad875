from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from click.testing import CliRunner, Result

from covernance.errors import Exit
from covernance.git.base import ChangeBase
from covernance.guard import compare
from covernance.guard.command import command
from covernance.guard.flaps import Flap
from covernance.guard.workflow import GuardResult
from covernance.history.base_result import Base
from covernance.history.store import Entry
from covernance.model.counts import Counts
from covernance.model.verdict import Assessment, Verdict
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

ENTRY = Entry("2026-11-21T12:00:00Z", "calc", "a" * 40, "1", "main")


DROP = compare.Drop(
    measure="total",
    before=Counts(100, 90),
    after=Counts(100, 80),
    limit=Decimal(2),
    files=(compare.FileDrop("a.py", 10, "81-90"), compare.FileDrop("b.py", 1, "")),
)


def dropped(*, gone: tuple[str, ...] = ("t::a",), behind: int = 0) -> GuardResult:
    comparison = compare.Comparison(suite="calc", numbers=(DROP,), gone=gone, broken=("t::b",))
    return GuardResult(
        suite="calc",
        assessment=comparison.assessment,
        base=Base(ENTRY, behind),
        comparison=comparison,
        flaps=(Flap("a.py", "security", "7"),),
    )


def call(monkeypatch: pytest.MonkeyPatch, result: GuardResult, *arguments: str) -> Result:
    monkeypatch.setattr("covernance.guard.command.find_change_base", lambda *_: ChangeBase(None))
    monkeypatch.setattr("covernance.guard.workflow.guard_suites", lambda *_, **__: [result])
    return CliRunner().invoke(command, arguments, standalone_mode=False)


def test_a_drop_names_base_numbers_files_tests_and_flaps(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = call(monkeypatch, dropped())
    assert ran.return_value is Exit.GATE
    assert ran.output.splitlines() == [
        "calc: dropped, compared with aaaaaaaaaaaa of 2026-11-21T12:00:00Z (the base)",
        "  total fell by 10.00 points (limit 2), from 90.00 % to 80.00 %",
        "  total: a.py: 10 more missing: 81-90",
        "  total: b.py: 1 more missing: branches",
        "  deleted test: t::a",
        "  test that no longer passes: t::b",
        "  unstable (security): a.py: 7",
    ]


def test_an_older_base_shows_its_distance_and_many_tests_are_counted(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = call(monkeypatch, dropped(gone=tuple(f"t::{n}" for n in range(12)), behind=3))
    assert "(3 commits before the base)" in ran.output
    assert "  … and 2 more" in ran.output


@pytest.mark.security
def test_a_bootstrap_is_reported_and_passes(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = GuardResult(
        suite="calc", assessment=Assessment(Verdict.NO_BASELINE, ("x",)), bootstrap=True
    )
    ran = call(monkeypatch, missing, "--bootstrap")
    assert ran.return_value is Exit.PASS
    assert ran.output == "calc: no-baseline, accepted by --bootstrap\n"


@pytest.mark.security
@pytest.mark.parametrize("form", ["text", "json"])
def test_soft_passes_a_failed_gate(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    ran = call(monkeypatch, dropped(), "--soft", "--format", form)
    assert ran.return_value is Exit.PASS
    assert "dropped" in ran.output


def test_json_contains_everything_in_the_text(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = call(monkeypatch, dropped(), "--format", "json")
    (result,) = json.loads(ran.output)
    assert ran.return_value is Exit.GATE
    assert result["base"]["entry"]["commit"] == "a" * 40
    assert result["numbers"][0]["points"] == "10.0000"
    assert result["gone"] == ["t::a"]
    assert result["flaps"] == [{"path": "a.py", "theme": "security", "lines": "7"}]


def test_json_of_a_suite_without_a_base_is_complete(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = GuardResult(suite="calc", assessment=Assessment(Verdict.NO_BASELINE, ("x",)))
    (result,) = json.loads(call(monkeypatch, missing, "--format", "json").output)
    assert (result["verdict"], result["base"], result["numbers"]) == ("no-baseline", None, [])


def test_a_suite_that_did_not_drop_is_one_line(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = msgspec.structs.replace(DROP, after=DROP.before, files=())
    comparison = compare.Comparison(suite="calc", numbers=(same,), gone=("t::a",), broken=())
    passed = GuardResult(
        suite="calc", assessment=comparison.assessment, base=Base(ENTRY, 0), comparison=comparison
    )
    ran = call(monkeypatch, passed)
    assert ran.return_value is Exit.PASS
    assert len(ran.output.splitlines()) == 1


def test_a_suite_that_was_not_run_is_reported(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = call(
        monkeypatch,
        GuardResult(suite="calc", assessment=Assessment(Verdict.NO_DATA, ("run it first",))),
    )
    assert ran.return_value is Exit.GATE
    assert ran.output.splitlines() == ["calc: no-data", "  run it first"]


def test_facts_for_alerts_are_written_to_the_given_file(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(monkeypatch, dropped(), "--facts", "facts.json")
    (fact,) = json.loads((repository.root / "facts.json").read_bytes())
    assert (fact["kind"], fact["good"]) == ("drop", False)


def test_points_are_exact() -> None:
    assert DROP.points == Fraction(10)
    assert not msgspec.structs.replace(DROP, limit=Decimal(10)).over
