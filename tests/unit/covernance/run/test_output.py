from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from covernance.config import Table, load
from covernance.errors import Exit, InputError
from covernance.model.snapshot import Snapshot
from covernance.model.suite_result import SuiteResult, to_suite_result
from covernance.model.verdict import Verdict
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


def test_full_run_lists_its_reports_the_baseline_and_its_verdict(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    print_results([green], table, combine, print)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "calc: wrote coverage/calc.json",
        "baseline: wrote coverage/baseline.json",
    ]
    assert lines[-1].startswith("calc: pass: 75.00 % ")


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
    assert text.endswith("calc: partial run (-k 'x'), floors not checked\n")
    red = msgspec.structs.replace(of(partial, verdict="tests-failed"), exit=Exit.TESTS_FAILED)
    print_results([red], table, combine, print)
    assert capsys.readouterr().out.endswith("floors not checked: tests failed\n")


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
    assert capsys.readouterr().out.splitlines()[-1].startswith("calc: pass: ")


@pytest.mark.security
def test_only_a_selection_is_never_judged(green: SuiteResult) -> None:
    selected = msgspec.structs.replace(green, partial=("-k 'x'",), selection=("-k 'x'",))
    shard = msgspec.structs.replace(green, partial=("shard 1/2",))
    assert explain_unjudged([green, shard]) == ""
    assert explain_unjudged([green, selected]).startswith("calc: a partial run is not a verdict")
