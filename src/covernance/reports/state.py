"""What the reports tell: every suite's result, and what the policies found about it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import msgspec

from covernance.config import UNTHEMED
from covernance.model.counts import Counts
from covernance.model.snapshot import Cell, Snapshot
from covernance.model.verdict import Verdict

_BAD = {"failed": "failed", "errors": "in error"}


class ExceptionDue(msgspec.Struct, frozen=True):
    """A row of the exception register whose review date is near or past.

    Attributes:
        module: The file that the row waives a floor for.
        suite: The suite that governs it.
        owner: Who answers for it.
        review_date: YYYY-MM-DD.
        days_left: Until the review date; negative once it is past.
    """

    module: str
    suite: str
    owner: str
    review_date: str
    days_left: int


class Drop(msgspec.Struct, frozen=True):
    """A number that fell since the base; `measure` is `total`, `patch` or a theme."""

    suite: str
    measure: str
    before: Counts
    after: Counts

    @property
    def points(self) -> Fraction:
        """By how many percentage points; nothing to cover counts as 0 %."""
        return (self.before.percent or Fraction(0)) - (self.after.percent or Fraction(0))


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The current results of a repository, and what the policies found.

    Attributes:
        themes: The themes of the table, in its order.
        suites: The last full result of every suite of the table; None where there is none.
        patches: Patch coverage of the suites that a change touches.
        drops: What fell since the base.
        exceptions: The rows of the exception register that are due.
    """

    themes: tuple[str, ...]
    suites: dict[str, Snapshot | None]
    patches: Mapping[str, Counts] = {}
    drops: tuple[Drop, ...] = ()
    exceptions: tuple[ExceptionDue, ...] = ()

    @property
    def present(self) -> list[Snapshot]:
        """The results that there are."""
        return [snapshot for snapshot in self.suites.values() if snapshot]

    @property
    def columns(self) -> tuple[str, ...]:
        """The themes, and the unthemed pass where a suite has one."""
        unthemed = any(UNTHEMED in snapshot.themes for snapshot in self.present)
        return (*self.themes, UNTHEMED) if unthemed else self.themes

    @property
    def passing(self) -> int:
        """How many suites pass."""
        return sum(snapshot.verdict == Verdict.PASS for snapshot in self.present)

    @property
    def worst_first(self) -> list[tuple[str, Snapshot | None]]:
        """The suites, those that do not pass before those that do, else in the table's order."""
        return sorted(self.suites.items(), key=lambda item: verdict(item[1]) == Verdict.PASS)

    @property
    def newest(self) -> Snapshot | None:
        """The result that was recorded last."""
        return max(self.present, key=lambda found: found.provenance.recorded_at, default=None)

    @property
    def commits(self) -> int:
        """How many different commits the results come from."""
        return len({snapshot.provenance.commit for snapshot in self.present})


def verdict(snapshot: Snapshot | None) -> Verdict:
    """A suite's verdict, or `missing`."""
    return snapshot.verdict if snapshot else Verdict.MISSING


def trouble(cell: Cell) -> str:
    """What is wrong with the tests of a cell: `no tests`, `2 failed, 1 in error`, or nothing."""
    if not cell.outcomes.tests:
        return "no tests"
    found = ((getattr(cell.outcomes, name), words) for name, words in _BAD.items())
    return ", ".join(f"{number} {words}" for number, words in found if number)


def days(left: int) -> str:
    """How far a review date is: `today`, `1 day left`, `3 days past`."""
    if not left:
        return "today"
    number = abs(left)
    return f"{number} day{'' if number == 1 else 's'} {'left' if left > 0 else 'past'}"
