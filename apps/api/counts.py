"""Coverage counts: integers in, a percentage rounded down out."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# what a 32-bit column holds
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Counts(Struct, frozen=True):
    """Statements and branches, and how many of each ran."""

    statements: Count
    executed: Count
    branches: Count
    taken: Count

    def __post_init__(self) -> None:
        """Refuse more runs than there is to run."""
        if self.executed > self.statements:
            raise ValueError(f"`executed` is {self.executed}, more than {self.statements}")
        if self.taken > self.branches:
            raise ValueError(f"`taken` is {self.taken}, more than {self.branches}")

    @property
    def basis_points(self) -> int | None:
        """Hundredths of a percent, rounded down; None where there is nothing to cover."""
        whole = self.statements + self.branches
        return (self.executed + self.taken) * 10_000 // whole if whole else None

    @property
    def percent(self) -> str | None:
        """The percentage with two decimals, rounded down: 89.996 reads 89.99, never 90.00."""
        points = self.basis_points
        return None if points is None else f"{points // 100}.{points % 100:02}"
