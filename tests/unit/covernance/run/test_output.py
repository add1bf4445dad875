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
from covernance.run.output import tell, worst
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def table(repository: Repository) -> Table:
    return load(repository.root)


@pytest.fixture
def green(snapshot: Snapshot, table: Table) -> SuiteResult:
    """A passing full run of the table's suite."""
    result = msgspec.structs.replace(snapshot, suite="calc", verdict="pass", reasons=())
    return to_suite_result(result, (table.root / "coverage/calc.json",))


def of(result: SuiteResult, **changes: object) -> SuiteResult:
    """The same with other fields of its snapshot."""
    return msgspec.structs.replace(
        result, snapshot=msgspec.structs.replace(result.snapshot, **changes)
    )


def combine() -> Sequence[Path]:
    return [Path("coverage/baseline.json").absolute()]


@pytest.mark.security
def test_failed_tests_are_worse_than_a_gate_and_a_gate_than_a_pass() -> None:
    order = (Exit.PASS, Exit.GATE, Exit.TESTS_FAILED)
    for codes in itertools.product(order, repeat=3):
        assert worst(codes) is max(codes, key=order.index)
    assert worst([]) is Exit.PASS


def test_a_full_run_lists_its_reports_the_baseline_and_its_verdict(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    tell([green], table, combine)
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
    tell([ran], table, combine)
    text = capsys.readouterr().out
    assert "calc: tests that carry no theme (1):\n  t::plain\n" in text
    assert "calc: flaky tests, which ended both ways (2):\n  t::a\n  t::b\n" in text


def test_a_partial_run_makes_no_baseline_and_says_what_it_left_out(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    partial = msgspec.structs.replace(green, partial=("-k 'x'",))
    tell([partial], table, combine)
    text = capsys.readouterr().out
    assert "baseline" not in text
    assert text.endswith("calc: partial run (-k 'x'): gates nothing\n")
    red = msgspec.structs.replace(of(partial, verdict="tests-failed"), exit=Exit.TESTS_FAILED)
    tell([red], table, combine)
    assert capsys.readouterr().out.endswith("but is red: tests-failed\n")


@pytest.mark.reliability
def test_a_run_that_broke_off_makes_no_baseline_and_says_so(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = msgspec.structs.replace(of(green, verdict="tests-failed"), published=())
    tell([broken], table, combine)
    text = capsys.readouterr().out
    assert "calc: wrote no reports; those of the last complete run are kept" in text
    assert "baseline: not written: calc did not run to the end" in text


@pytest.mark.reliability
def test_a_carried_result_has_no_reports_here(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    source = msgspec.structs.replace(
        green.snapshot.provenance, source="carried", carried_at="2026-11-22T12:00:00Z"
    )
    tell([of(green, provenance=source)], table, combine)
    text = capsys.readouterr().out
    assert "carried from 000000000000, 1 day old; its data and reports are not here" in text
    assert "baseline: not written: the data of calc is not here (carried)" in text


@pytest.mark.reliability
def test_a_baseline_that_can_not_be_made_hides_no_verdict(
    green: SuiteResult, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> Sequence[Path]:
        raise InputError("history: rubbish.json is damaged")

    with pytest.raises(InputError, match=r"rubbish\.json"):
        tell([green], table, fail)
    assert capsys.readouterr().out.splitlines()[-1].startswith("calc: pass: ")
