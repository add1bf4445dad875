from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.config import Suite
from covernance.errors import ConfigError, Exit
from covernance.model.counts import Counts
from covernance.model.snapshot import Cell, Outcomes
from covernance.policy.gate import AppliedFloor, Verdict, applied_floor, judge

pytestmark = pytest.mark.architecture

FLOOR = AppliedFloor(Decimal(90), "pyproject.toml")


def cells(**tests: int) -> dict[str, Cell]:
    return {
        theme: Cell(
            outcomes=Outcomes(tests=number, passed=number),
            seconds=0.0,
            raw=Counts(),
            earned=Counts(),
        )
        for theme, number in tests.items()
    }


def verdict(
    total: Counts,
    *,
    failures: tuple[str, ...] = (),
    unmeasured: tuple[str, ...] = (),
    floor: AppliedFloor = FLOOR,
    **tests: int,
) -> Verdict:
    return judge(floor, total, cells(**(tests or {"security": 1})), failures, unmeasured)


def test_at_the_floor_is_pass() -> None:
    assert verdict(Counts(10, 9)) == Verdict("pass")


def test_one_below_the_floor_is_below_floor_and_says_by_how_much() -> None:
    found = verdict(Counts(10_000, 8_999))
    assert found.name == "below-floor"
    assert found.exit is Exit.GATE
    assert "89.99 %" in found.reasons[0]
    assert "1 more statements" in found.reasons[0]


@pytest.mark.reliability
def test_failed_tests_come_first_and_exit_1() -> None:
    found = verdict(Counts(10, 0), failures=("t::a", "t::b"), security=0)
    assert found.name == "tests-failed"
    assert found.exit is Exit.TESTS_FAILED
    assert found.reasons[:2] == ("failed: t::a", "failed: t::b")
    assert len(found.reasons) == 4


@pytest.mark.security
def test_a_theme_without_tests_is_never_green() -> None:
    assert verdict(Counts(10, 10), security=0, reliability=3).name == "no-tests"


@pytest.mark.security
def test_an_empty_unthemed_pass_is_no_fault() -> None:
    assert verdict(Counts(10, 10), security=1, unthemed=0).name == "pass"


@pytest.mark.security
def test_no_data_and_no_statements_are_never_green_even_at_a_floor_of_0() -> None:
    zero = AppliedFloor(Decimal(0), "pyproject.toml")
    assert verdict(Counts(10, 10), unmeasured=("security",), floor=zero).name == "no-data"
    assert verdict(Counts(), floor=zero).name == "zero-statements"


@given(st.integers(1, 500), st.data())
def test_a_verdict_is_monotone_in_covered_lines(statements: int, data: st.DataObject) -> None:
    executed = data.draw(st.integers(0, statements - 1))
    floor = AppliedFloor(data.draw(st.decimals(0, 100, places=2)), "x")
    before = verdict(Counts(statements, executed), floor=floor)
    after = verdict(Counts(statements, executed + 1), floor=floor)
    assert not (before.name == "pass" and after.name != "pass")


@pytest.mark.parametrize(
    ("option", "variables", "expected"),
    [
        (None, {}, AppliedFloor(Decimal(90), "pyproject.toml")),
        (None, {"COVERAGE_FAIL_UNDER": "80"}, AppliedFloor(Decimal(80), "COVERAGE_FAIL_UNDER")),
        (
            None,
            {"COVERAGE_FAIL_UNDER": "80", "COVERAGE_FAIL_UNDER_API": "81.5"},
            AppliedFloor(Decimal("81.5"), "COVERAGE_FAIL_UNDER_API"),
        ),
        ("95", {"COVERAGE_FAIL_UNDER_API": "81"}, AppliedFloor(Decimal(95), "--fail-under")),
        (None, {"COVERAGE_FAIL_UNDER": ""}, AppliedFloor(Decimal(90), "pyproject.toml")),
        (None, {"COVERAGE_FAIL_UNDER_AUTH": "1"}, AppliedFloor(Decimal(90), "pyproject.toml")),
    ],
)
def test_the_floor_in_force_follows_the_precedence(
    suite: Suite, option: str | None, variables: dict[str, str], expected: AppliedFloor
) -> None:
    assert applied_floor(suite, option, variables) == expected


@pytest.mark.reliability
@pytest.mark.parametrize("text", ["x", "-1", "100.01", "NaN", "Infinity", " "])
def test_a_floor_that_is_no_percentage_names_its_variable(suite: Suite, text: str) -> None:
    with pytest.raises(ConfigError, match=r"^COVERAGE_FAIL_UNDER_API: "):
        applied_floor(suite, None, {"COVERAGE_FAIL_UNDER_API": text})
