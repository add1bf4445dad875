from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.model.counts import Counts, show, show_drop

pytestmark = pytest.mark.architecture


@st.composite
def counts(draw: st.DrawFn) -> Counts:
    statements = draw(st.integers(0, 100_000))
    branches = draw(st.integers(0, 100_000))
    return Counts(
        statements,
        draw(st.integers(0, statements)),
        branches,
        draw(st.integers(0, branches)),
    )


floors = st.decimals(0, 100, places=3)


@given(counts(), counts())
def test_counts_of_different_files_add_up(one: Counts, other: Counts) -> None:
    both = one + other
    assert both.covered == one.covered + other.covered
    assert both.total == one.total + other.total
    assert both == other + one


@given(counts())
def test_a_percentage_is_exact_and_unknown_without_anything_to_cover(one: Counts) -> None:
    expected = Fraction(100 * one.covered, one.total) if one.total else None
    assert one.percent == expected
    assert Counts().percent is None


@given(counts(), floors)
def test_a_floor_is_met_exactly_if_nothing_is_missing(one: Counts, floor: Decimal) -> None:
    if one.total:
        assert one.meets(floor) == (one.short_of(floor) == 0)
    else:
        assert not one.meets(floor)


@given(counts(), floors)
def test_the_missing_number_just_meets_the_floor(one: Counts, floor: Decimal) -> None:
    needed = one.covered + one.short_of(floor)
    assert Fraction(needed) >= Fraction(floor) * one.total / 100
    if one.short_of(floor):
        assert Fraction(needed - 1) < Fraction(floor) * one.total / 100


@given(counts().filter(lambda c: c.executed < c.statements), floors)
def test_another_covered_line_never_makes_a_floor_fail(one: Counts, floor: Decimal) -> None:
    more = Counts(one.statements, one.executed + 1, one.branches, one.taken)
    assert more.meets(floor) or not one.meets(floor)


@given(counts().filter(lambda c: c.total > 0))
def test_a_shown_percentage_is_never_above_the_exact_one(one: Counts) -> None:
    exact = one.percent
    assert exact is not None
    shown = Fraction(show(exact))
    assert shown <= exact < shown + Fraction(1, 100)


@pytest.mark.parametrize(
    ("percent", "shown"),
    [
        (Fraction(89_996, 1000), "89.99"),
        (Fraction(90), "90.00"),
        (Fraction(1, 300), "0.00"),
        (Fraction(100), "100.00"),
        (None, "n/a"),
    ],
)
def test_percentages_are_rounded_down(percent: Fraction | None, shown: str) -> None:
    assert show(percent) == shown


@pytest.mark.reliability
def test_nothing_to_cover_has_no_percentage_and_meets_no_floor() -> None:
    assert Counts().percent is None
    assert not Counts().meets(Decimal(0))


@pytest.mark.reliability
@pytest.mark.parametrize(
    "numbers", [(1, 2, 0, 0), (0, 0, 1, 2), (-1, -1, 0, 0), (1, -1, 0, 0), (0, 0, 3, -1)]
)
def test_impossible_counts_are_rejected(numbers: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="impossible counts"):
        Counts(*numbers)


def test_earned_counts_exclude_imported_code_on_both_sides() -> None:
    raw, imported = Counts(10, 7, 4, 3), Counts(10, 4, 4, 1)
    assert raw.beyond(imported) == Counts(6, 3, 3, 2)


@given(counts())
def test_tests_that_execute_only_imported_code_earn_nothing(one: Counts) -> None:
    assert one.beyond(one).covered == 0


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("points", "shown"),
    [(Fraction(2), "2.00"), (Fraction(2001, 1000), "2.01"), (Fraction(1, 3), "0.34")],
)
def test_a_drop_is_rounded_up(points: Fraction, shown: str) -> None:
    assert show_drop(points) == shown
