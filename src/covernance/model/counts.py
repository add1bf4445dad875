"""Integer counts; percentages are derived, never stored."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import msgspec


class Counts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many statements and branches there are, and how many of each ran.

    Counts of different files add up. The percentage is coverage.py's own: statements and branch
    exits together, `(executed + taken) / (statements + branches)`.
    """

    statements: int = 0
    executed: int = 0
    branches: int = 0
    taken: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.executed <= self.statements and 0 <= self.taken <= self.branches):
            msg = f"counts that can't be: {self.executed} of {self.statements} statements, "
            msg += f"{self.taken} of {self.branches} branches"
            raise ValueError(msg)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.statements + other.statements,
            self.executed + other.executed,
            self.branches + other.branches,
            self.taken + other.taken,
        )

    @property
    def covered(self) -> int:
        """Statements and branches that ran."""
        return self.executed + self.taken

    @property
    def total(self) -> int:
        """Statements and branches that there are."""
        return self.statements + self.branches

    @property
    def percent(self) -> Fraction | None:
        """The exact percentage, or None where there is nothing to cover."""
        return Fraction(100 * self.covered, self.total) if self.total else None

    def meets(self, floor: Decimal) -> bool:
        """Whether the exact percentage is at least `floor`; with nothing to cover it is not."""
        return self.percent is not None and self.percent >= Fraction(floor)

    def short_of(self, floor: Decimal) -> int:
        """How many more statements or branches must run to meet `floor`."""
        needed = -(-(Fraction(floor) * self.total) // 100)
        return max(0, int(needed) - self.covered)

    def beyond(self, imported: Counts) -> Counts:
        """What is left to earn, and what of it ran, once `imported` is taken out.

        `imported` counts the same code and is contained in these counts: what importing and
        collecting executed.
        """
        return Counts(
            self.statements - imported.executed,
            self.executed - imported.executed,
            self.branches - imported.taken,
            self.taken - imported.taken,
        )


def show(percent: Fraction | None) -> str:
    """Write a percentage with two decimals, rounded down, so that 89.996 never reads 90.00."""
    if percent is None:
        return "n/a"
    hundredths = percent.numerator * 100 // percent.denominator
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def show_drop(points: Fraction) -> str:
    """Write a drop in percentage points, rounded up: 2.001 never reads 2.00, which is allowed."""
    return show(Fraction(math.ceil(points * 100), 100))
