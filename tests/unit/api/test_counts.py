from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.api.counts import Counts

part = st.integers(0, 2**31 - 1)


@st.composite
def some_counts(draw: st.DrawFn) -> Counts:
    statements, branches = draw(part), draw(part)
    return Counts(
        statements,
        draw(st.integers(0, statements)),
        branches,
        draw(st.integers(0, branches)),
    )


@pytest.mark.architecture
@given(some_counts())
def test_the_percentage_is_exact_and_rounded_down(counts: Counts) -> None:
    total = counts.statements + counts.branches
    if total == 0:
        assert counts.percent is None
    else:
        exact = Decimal(counts.executed + counts.taken) * 100 / Decimal(total)
        assert counts.percent == str(exact.quantize(Decimal("0.01"), ROUND_DOWN))


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("counts", "percent"),
    [
        (Counts(100_000, 89_996, 0, 0), "89.99"),
        (Counts(10**9, 10**9 - 1, 0, 0), "99.99"),
        (Counts(3, 3, 1, 1), "100.00"),
        (Counts(0, 0, 0, 0), None),
        (Counts(1, 0, 0, 0), "0.00"),
        (Counts(1000, 1, 0, 0), "0.10"),
        (Counts(0, 0, 2, 1), "50.00"),
    ],
)
def test_a_percentage_is_never_rounded_up(counts: Counts, percent: str | None) -> None:
    assert counts.percent == percent


@pytest.mark.security
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((1, 2, 0, 0), "`executed` is 2, more than 1"),
        ((1, 1, 1, 2), "`taken` is 2, more than 1"),
        ((-1, 0, 0, 0), ">= 0"),
        ((2**31, 0, 0, 0), "<= 2147483647"),
        ((1.5, 0, 0, 0), "Expected `int`, got `float`"),
        ((True, 0, 0, 0), "Expected `int`, got `bool`"),
    ],
)
def test_impossible_counts_are_rejected(values: tuple[object, ...], message: str) -> None:
    given_counts = dict(zip(Counts.__struct_fields__, values, strict=True))

    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(given_counts, Counts)
