from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.config import Suite
from covernance.errors import ConfigError, Exit
from covernance.gate.floors import (
    AppliedFloor,
    Exceptions,
    Measured,
    find_applied_floor,
    find_file_floors,
    find_used_waivers,
    judge_suite,
)
from covernance.model.counts import Counts
from covernance.model.snapshot import Cell, FileResult, Outcomes
from covernance.model.verdict import Assessment, Verdict, Waiver

pytestmark = pytest.mark.architecture

FLOOR = AppliedFloor(Decimal(90), "pyproject.toml")
DEBT = Waiver("apps/debt.py", "@team", date(2026, 12, 31))


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


SUITE = Suite(
    name="api",
    source=("apps/api",),
    tests=("tests",),
    themes=("security", "reliability"),
    fail_under=Decimal(90),
    requirements=None,
)


def files(**counts: Counts) -> dict[str, FileResult]:
    return {f"apps/{name}.py": FileResult(total=total, themes={}) for name, total in counts.items()}


def verdict(
    total: Counts,
    *,
    failures: tuple[str, ...] = (),
    unmeasured: tuple[str, ...] = (),
    floor: AppliedFloor = FLOOR,
    **tests: int,
) -> Assessment:
    measured = Measured(
        cells=cells(**(tests or {"security": 1})),
        files=files(main=total),
        failures=failures,
        unmeasured=unmeasured,
    )
    return judge_suite(SUITE, floor, measured)


@pytest.mark.reliability
def test_a_pass_that_ended_early_is_not_reported_as_selecting_no_tests() -> None:
    broke = ("the security pass broke off (status -9)",)
    measured = Measured(
        cells=cells(security=0, reliability=0),
        files=files(main=Counts(10, 10)),
        failures=broke,
        lost=("security",),
    )
    assert judge_suite(SUITE, FLOOR, measured).reasons == (
        "failed: the security pass broke off (status -9)",
        "theme reliability selects no tests",
    )


@pytest.mark.reliability
def test_sources_that_cannot_be_analysed_are_only_no_data() -> None:
    measured = Measured(cells=cells(security=1), files={}, unreadable="x.py: line 3")
    assert judge_suite(SUITE, FLOOR, measured) == Assessment(Verdict.NO_DATA, ("x.py: line 3",))


def test_coverage_at_the_floor_passes() -> None:
    assert verdict(Counts(10, 9)) == Assessment(Verdict.PASS)


def test_coverage_below_the_floor_fails_with_the_missing_number() -> None:
    result = verdict(Counts(10_000, 8_999))
    assert result.verdict == "below-floor"
    assert result.verdict.exit is Exit.GATE
    (reason,) = result.reasons
    assert reason == "89.99 % (floor 90 %). 1 more statement or branch must run."


@pytest.mark.reliability
def test_failed_tests_are_listed_first_and_exit_1() -> None:
    result = verdict(Counts(10, 0), failures=("t::a", "t::b"), security=0)
    assert result.verdict == "tests-failed"
    assert result.verdict.exit is Exit.TESTS_FAILED
    assert result.reasons[:2] == ("failed: t::a", "failed: t::b")
    assert len(result.reasons) == 4


@pytest.mark.security
def test_a_theme_without_tests_fails() -> None:
    assert verdict(Counts(10, 10), security=0, reliability=3).verdict == "no-tests"


@pytest.mark.security
def test_an_empty_unthemed_pass_is_allowed() -> None:
    assert verdict(Counts(10, 10), security=1, unthemed=0).verdict == "pass"


@pytest.mark.security
def test_no_data_and_no_statements_fail_even_with_a_floor_of_0() -> None:
    zero = AppliedFloor(Decimal(0), "pyproject.toml")
    assert verdict(Counts(10, 10), unmeasured=("security",), floor=zero).verdict == "no-data"
    assert verdict(Counts(), floor=zero) == Assessment(
        Verdict.ZERO_STATEMENTS, ("the suite's sources have no statements to cover",)
    )


@pytest.mark.security
@pytest.mark.parametrize(
    ("idle", "tests", "expected"),
    [
        (("security",), {"security": 1, "reliability": 1}, "no-tests"),
        (("security", "reliability"), {"security": 1, "reliability": 1}, "no-tests"),
        (("unthemed",), {"security": 1, "unthemed": 1}, "pass"),
        (("unthemed",), {"unthemed": 1}, "no-tests"),
    ],
)
def test_a_theme_that_ran_none_of_its_tests_fails(
    idle: tuple[str, ...], tests: dict[str, int], expected: str
) -> None:
    measured = Measured(cells=cells(**tests), files=files(main=Counts(10, 10)), idle=idle)
    assessment = judge_suite(SUITE, FLOOR, measured)
    assert assessment.verdict == expected
    if expected != "pass":
        assert assessment.reasons == tuple(
            f"theme {theme} ran none of its tests: all were skipped" for theme in idle
        )


@pytest.mark.security
@pytest.mark.parametrize(
    ("floor", "counts", "expected"),
    [
        ("0", Counts(10, 0), "no-data"),
        ("90", Counts(10, 0), "no-data"),
        ("90", Counts(10, 8), "below-floor"),
        ("80", Counts(10, 8), "pass"),
    ],
)
def test_a_source_that_was_not_executed_is_the_first_reason(
    floor: str, counts: Counts, expected: str
) -> None:
    measured = Measured(
        cells=cells(security=1), files=files(main=counts), unexecuted=("never imported",)
    )
    assessment = judge_suite(SUITE, AppliedFloor(Decimal(floor), "x"), measured)
    assert assessment.verdict == expected
    assert assessment.reasons[:1] == (() if expected == "pass" else ("never imported",))


@given(st.integers(1, 500), st.data())
def test_more_covered_lines_never_make_a_verdict_worse(
    statements: int, data: st.DataObject
) -> None:
    executed = data.draw(st.integers(0, statements - 1))
    floor = AppliedFloor(data.draw(st.decimals(0, 100, places=2)), "x")
    before = verdict(Counts(statements, executed), floor=floor)
    after = verdict(Counts(statements, executed + 1), floor=floor)
    assert not (before.verdict == "pass" and after.verdict != "pass")


@st.composite
def grown(draw: st.DrawFn) -> tuple[Counts, Counts]:
    """Counts, and possible counts of the same code after another test."""
    statements, branches = draw(st.integers(1, 60)), draw(st.integers(0, 20))
    executed, taken = draw(st.integers(0, statements)), draw(st.integers(0, branches))
    return Counts(statements, executed, branches, taken), Counts(
        statements,
        draw(st.integers(executed, statements)),
        branches,
        draw(st.integers(taken, branches)),
    )


def just_met(counts: Counts) -> Decimal:
    """The highest whole percentage that counts meet."""
    assert counts.percent is not None
    return Decimal(int(counts.percent))


@pytest.mark.reliability
@given(
    st.dictionaries(st.sampled_from(["main", "keys", "debt"]), grown(), min_size=1),
    grown(),
    st.sampled_from(["security", "unthemed"]),
)
def test_another_passing_test_never_makes_a_suite_fail(
    result: dict[str, tuple[Counts, Counts]], earned: tuple[Counts, Counts], theme: str
) -> None:
    first, then = ({name: pair[index] for name, pair in result.items()} for index in (0, 1))
    suite = msgspec.structs.replace(
        SUITE,
        theme_floors={"security": just_met(earned[0])},
        file_floors={f"apps/{name}.py": just_met(counts) for name, counts in first.items()},
    )
    floor = AppliedFloor(just_met(sum(first.values(), Counts())), "pyproject.toml")
    exceptions = Exceptions((DEBT,))

    def measured(counts: dict[str, Counts], tests: dict[str, int], of_theme: Counts) -> Measured:
        numbers = {
            name: msgspec.structs.replace(cell, earned=of_theme)
            for name, cell in cells(**tests).items()
        }
        return Measured(cells=numbers, files=files(**counts))

    tests = {"security": 1}
    more = {**tests, theme: tests.get(theme, 0) + 1}
    for measurement in (measured(first, tests, earned[0]), measured(then, more, earned[1])):
        assessment = judge_suite(suite, floor, measurement, exceptions)
        assert (assessment.verdict, assessment.reasons) == (Verdict.PASS, ())


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
    assert find_applied_floor(suite, option, variables) == expected


@pytest.mark.security
def test_an_empty_option_does_not_disable_the_floor(suite: Suite) -> None:
    with pytest.raises(ConfigError, match=r"^--fail-under: ''"):
        find_applied_floor(suite, "", {})


@pytest.mark.reliability
@pytest.mark.parametrize("text", ["x", "-1", "100.01", "NaN", "Infinity", " "])
def test_an_invalid_floor_names_its_variable(suite: Suite, text: str) -> None:
    with pytest.raises(ConfigError, match=r"^COVERAGE_FAIL_UNDER_API: "):
        find_applied_floor(suite, None, {"COVERAGE_FAIL_UNDER_API": text})


def judged(
    exceptions: Exceptions = Exceptions(),  # noqa: B008 - frozen
    *,
    theme_floors: dict[str, Decimal] | None = None,
    file_floors: dict[str, Decimal] | None = None,
    **counts: Counts,
) -> Assessment:
    suite = msgspec.structs.replace(
        SUITE, theme_floors=theme_floors or {}, file_floors=file_floors or {}
    )
    cell = Cell(outcomes=Outcomes(tests=1), seconds=0, raw=Counts(10, 9), earned=Counts(10, 6))
    measured = Measured(cells={"security": cell}, files=files(**counts))
    return judge_suite(suite, FLOOR, measured, exceptions)


@pytest.mark.security
def test_a_themes_floor_applies_to_earned_coverage() -> None:
    assert judged(theme_floors={"security": Decimal(60)}, main=Counts(10, 10)).verdict == "pass"
    result = judged(theme_floors={"security": Decimal("60.01")}, main=Counts(10, 10))
    assert result.verdict == "below-floor"
    (reason,) = result.reasons
    assert reason.startswith("theme security earned 60.00 % (floor 60.01 %). 1 more")


@pytest.mark.security
def test_a_files_floor_applies_to_its_raw_coverage() -> None:
    result = judged(
        file_floors={"apps/keys.py": Decimal(100)}, keys=Counts(100, 99), main=Counts(900, 900)
    )
    assert result.reasons == (
        "apps/keys.py: 99.00 % (floor 100 %). 1 more statement or branch must run.",
    )


def test_the_highest_of_several_matching_file_floors_applies() -> None:
    suite = msgspec.structs.replace(
        SUITE,
        file_floors={"apps/*": Decimal(50), "apps/keys.py": Decimal(100), "*": Decimal(10)},
    )
    assert find_file_floors(suite, ["apps/keys.py", "apps/deep/x.py", "lib/y.py"]) == {
        "apps/keys.py": Decimal(100),
        "apps/deep/x.py": Decimal(50),
        "lib/y.py": Decimal(10),
    }


@pytest.mark.security
def test_a_file_whose_name_has_brackets_can_have_a_floor() -> None:
    suite = msgspec.structs.replace(SUITE, file_floors={"apps/[a].py": Decimal(90)})
    assert find_file_floors(suite, ["apps/[a].py"]) == {"apps/[a].py": Decimal(90)}
    result = judged(file_floors={"apps/[a].py": Decimal(100)}, main=Counts(10, 10))
    assert "'apps/[a].py' matches no measured file" in result.reasons[0]


@pytest.mark.security
def test_a_file_floor_that_matches_no_file_fails() -> None:
    result = judged(file_floors={"apps/kyes.py": Decimal(100)}, main=Counts(10, 10))
    assert result.verdict == "below-floor"
    assert "'apps/kyes.py' matches no measured file" in result.reasons[0]


def test_a_waived_file_has_no_floor_and_is_left_out_of_a_total_below_its_floor() -> None:
    debt, main = Counts(100, 10), Counts(100, 95)
    floors = {"apps/debt.py": Decimal(80)}
    assert judged(file_floors=floors, debt=debt, main=main).verdict == "below-floor"
    waived = Exceptions((DEBT,))
    assert judged(waived, file_floors=floors, debt=debt, main=main).verdict == "pass"


@pytest.mark.security
@pytest.mark.parametrize(
    ("floors", "debt", "listed"),
    [
        ({}, Counts(100, 89), True),
        ({}, Counts(100, 90), False),
        ({"apps/debt.py": Decimal(10)}, Counts(100, 10), False),
        ({"apps/debt.py": Decimal(99)}, Counts(100, 98), True),
        ({}, Counts(), False),
    ],
)
@pytest.mark.parametrize("main", [Counts(1000, 1000), Counts(100, 10)])
def test_a_verdict_rests_on_the_waivers_of_files_below_their_floor(
    floors: dict[str, Decimal], debt: Counts, main: Counts, *, listed: bool
) -> None:
    gone = Waiver("apps/gone.py", "@team", date(2026, 12, 31))
    suite = msgspec.structs.replace(SUITE, file_floors=floors)
    measured = Measured(cells={}, files=files(debt=debt, main=main))
    used = find_used_waivers(suite, FLOOR, measured, (gone, DEBT))
    assert used == ((DEBT,) if listed else ())


@pytest.mark.security
def test_a_waiver_applies_to_no_other_file() -> None:
    waived = Exceptions((DEBT,))
    assert judged(waived, debt=Counts(100, 10), main=Counts(100, 89)).verdict == "below-floor"


@pytest.mark.security
def test_exceptions_that_waive_nothing_are_explained_if_a_floor_is_missed() -> None:
    idle = Exceptions(idle=("the exception for x waives nothing",))
    assert judged(idle, main=Counts(100, 89)).reasons[1:] == idle.idle
    assert judged(idle, main=Counts(100, 90)) == Assessment(Verdict.PASS)


@pytest.mark.security
def test_an_expired_exception_fails_even_at_full_coverage() -> None:
    result = judged(Exceptions(expired=("the exception for x expired",)), main=Counts(10, 10))
    assert result == Assessment(Verdict.EXPIRED_EXCEPTION, ("the exception for x expired",))
    assert result.verdict.exit is Exit.GATE
