"""Integer counts; percentages are derived, never stored."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import msgspec


class Counts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The number of statements and branches, and how many of each ran.

    Counts of different files can be added. The percentage is defined as in coverage.py: statements
    and branch exits together, `(executed + taken) / (statements + branches)`.
    """

    statements: int = 0
    executed: int = 0
    branches: int = 0
    taken: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.executed <= self.statements and 0 <= self.taken <= self.branches):
            msg = f"impossible counts: {self.executed} of {self.statements} statements, "
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
        """The number of statements and branches that ran."""
        return self.executed + self.taken

    @property
    def total(self) -> int:
        """The number of statements and branches."""
        return self.statements + self.branches

    @property
    def percent(self) -> Fraction | None:
        """The exact percentage, or None if there is nothing to cover."""
        return Fraction(100 * self.covered, self.total) if self.total else None

    def meets(self, floor: Decimal) -> bool:
        """Whether the exact percentage is at least `floor`; false if there is nothing to cover."""
        return self.percent is not None and self.percent >= Fraction(floor)

    def short_of(self, floor: Decimal) -> int:
        """Count the statements or branches that must run in addition to meet `floor`."""
        needed = -(-(Fraction(floor) * self.total) // 100)
        return max(0, int(needed) - self.covered)

    def beyond(self, imported: Counts) -> Counts:
        """Subtract code that importing executes: what is left to earn, and how much of it ran.

        `imported` counts what importing and collecting executed of the same code; these counts
        include it.
        """
        return Counts(
            self.statements - imported.executed,
            self.executed - imported.executed,
            self.branches - imported.taken,
            self.taken - imported.taken,
        )


def show(percent: Fraction | None) -> str:
    """Format a percentage with two decimals, rounded down: 89.996 is never shown as 90.00."""
    if percent is None:
        return "n/a"
    hundredths = percent.numerator * 100 // percent.denominator
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def show_drop(points: Fraction) -> str:
    """Format a drop in percentage points, rounded up: 2.001 is never shown as an allowed 2.00."""
    return show(Fraction(math.ceil(points * 100), 100))
