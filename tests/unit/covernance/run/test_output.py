from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import pytest

from covernance.config import Table, load
from covernance.errors import Exit, InputError
from covernance.model.snapshot import Snapshot
from covernance.model.suite_result import SuiteResult, to_suite_result
from covernance.model.verdict import Verdict, Waiver
from covernance.run.output import explain_unjudged, print_results, worst_exit
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def table(repository: Repository) -> Table:
    return load(repository.root)


@pytest.fixture
def green(snapshot: Snapshot, table: Table) -> SuiteResult:
    """A passing full run of the table's suite."""
    result = msgspec.structs.replace(snapshot, suite="calc", verdict=Verdict.PASS, reasons=())
    return to_suite_result(result, (table.root / "coverage/calc.json",))


def of(result: SuiteResult, **changes: object) -> SuiteResult:
    """The same with other fields of its snapshot."""
    return msgspec.structs.replace(
        result, snapshot=msgspec.structs.replace(result.snapshot, **changes)
    )


def combine() -> Sequence[Path]:
    return [Path("coverage/baseline.json").absolute()]


@pytest.mark.security
def test_failed_tests_outrank_failed_gates_which_outrank_passes() -> None:
    order = (Exit.PASS, Exit.GATE, Exit.TESTS_FAILED)
    for codes in itertools.product(order, repeat=3):
        assert worst_exit(codes) is max(codes, key=order.index)
    assert worst_exit([]) is Exit.PASS


def test_full_run_prints_its_verdict_first_and_its_reports_last(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    more = (*green.published, table.root / "coverage/calc.xml")
    print_results([msgspec.structs.replace(green, published=more)], table, combine, print)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("calc: pass: 75.00 % ")
    assert lines[-2:] == [
        "calc: wrote coverage/calc.json, coverage/calc.xml",
        "baseline: wrote coverage/baseline.json",
    ]


@pytest.mark.security
def test_a_verdict_is_printed_once_with_its_reasons_and_waivers(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    waived = (Waiver("calc/old\x1b.py", "@team", date(2026, 12, 31)),)
    red = of(green, verdict=Verdict.BELOW_FLOOR, reasons=("too low",), waived=waived)
    red = msgspec.structs.replace(red, exit=Exit.GATE)
    print_results([red], table, combine, print)
    text = capsys.readouterr().out
    assert text.count("below-floor") == 1
    verdict, reason, waiver = text.splitlines()[1:4]
    assert verdict.startswith("calc: below-floor: 75.00 % ")
    assert reason == "  too low"
    assert waiver == r"  1 file waived: calc/old\x1b.py (@team, until 2026-12-31)"


def test_long_lists_are_cut_with_a_count_and_the_command_that_shows_all(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = tuple(f"t::{number}" for number in range(297))
    waived = tuple(Waiver(f"{name}.py", "@a", date(2026, 12, 31)) for name in "abcdefghijkl")
    print_results([of(green, unthemed=tests, waived=waived)], table, combine, print)
    lines = capsys.readouterr().out.splitlines()
    start = lines.index("calc: tests without a theme (297):")
    assert lines[start + 10 : start + 12] == [
        "  t::9",
        "  … and 287 more; `covernance summary --format json` shows all",
    ]
    (waivers,) = [line for line in lines if "files waived" in line]
    assert waivers.startswith("  12 files waived: a.py (@a, until 2026-12-31); b.py ")
    assert waivers.endswith("; … and 2 more; `covernance exceptions list` shows all")


def test_tests_that_need_attention_are_listed(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = of(green, unthemed=("t::plain",), flaky=("t::a", "t::b"))
    print_results([ran], table, combine, print)
    text = capsys.readouterr().out
    assert "calc: tests without a theme (1):\n  t::plain\n" in text
    assert "calc: flaky tests, which passed and failed (2):\n  t::a\n  t::b\n" in text


def test_partial_run_writes_no_baseline_and_names_its_selection(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    partial = msgspec.structs.replace(green, partial=("-k 'x'",))
    print_results([partial], table, combine, print)
    text = capsys.readouterr().out
    assert "baseline" not in text
    assert "\ncalc: partial run (-k 'x'), floors not checked\n" in text
    red = msgspec.structs.replace(of(partial, verdict="tests-failed"), exit=Exit.TESTS_FAILED)
    print_results([red], table, combine, print)
    assert "floors not checked: tests failed\n" in capsys.readouterr().out


@pytest.mark.reliability
def test_unfinished_run_writes_no_baseline_and_reports_it(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = msgspec.structs.replace(of(green, verdict="tests-failed"), published=())
    print_results([broken], table, combine, print)
    text = capsys.readouterr().out
    assert "calc: wrote no reports; those of the last complete run are unchanged" in text
    assert "baseline: not written: calc did not finish" in text


@pytest.mark.reliability
def test_carried_result_has_no_reports_here(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    source = msgspec.structs.replace(
        green.snapshot.provenance, source="carried", carried_at="2026-11-22T12:00:00Z"
    )
    print_results([of(green, provenance=source)], table, combine, print)
    text = capsys.readouterr().out
    assert "carried from 000000000000, 1 day old; its data and reports are not available" in text
    assert "baseline: not written: no data for calc (carried)" in text


@pytest.mark.reliability
def test_failure_to_write_the_baseline_does_not_hide_the_verdicts(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> Sequence[Path]:
        raise InputError("history: rubbish.json is damaged")

    with pytest.raises(InputError, match=r"rubbish\.json"):
        print_results([green], table, fail, print)
    assert capsys.readouterr().out.startswith("\ncalc: pass: ")


@pytest.mark.security
def test_only_a_selection_is_never_judged(green: SuiteResult) -> None:
    selected = msgspec.structs.replace(green, partial=("-k 'x'",), selection=("-k 'x'",))
    shard = msgspec.structs.replace(green, partial=("shard 1/2",))
    assert explain_unjudged([green, shard]) == ""
    assert explain_unjudged([green, selected]).startswith("calc: a partial run is not a verdict")
