"""Coverage counts and the percentages derived from them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# the range of a 32-bit column
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Counts(Struct, frozen=True):
    """Statements and branches, and how many of each ran."""

    statements: Count
    executed: Count
    branches: Count
    taken: Count

    def __post_init__(self) -> None:
        """Reject counts that exceed their totals."""
        if self.executed > self.statements:
            raise ValueError(f"`executed` is {self.executed}, more than {self.statements}")
        if self.taken > self.branches:
            raise ValueError(f"`taken` is {self.taken}, more than {self.branches}")

    @property
    def basis_points(self) -> int | None:
        """Hundredths of a percent, rounded down; None if there is nothing to cover."""
        total = self.statements + self.branches
        return (self.executed + self.taken) * 10_000 // total if total else None

    @property
    def percent(self) -> str | None:
        """The percentage with two decimals, rounded down: 89.996 becomes 89.99, not 90.00."""
        points = self.basis_points
        return None if points is None else f"{points // 100}.{points % 100:02}"
