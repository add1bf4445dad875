"""The content of the reports: every suite's result and the findings of the policies."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import msgspec

from covernance.config import UNTHEMED
from covernance.model.counts import Counts
from covernance.model.snapshot import Cell, Snapshot
from covernance.model.verdict import Verdict, Waiver

_BAD = {"failed": "failed", "errors": "in error"}


class ExceptionDue(msgspec.Struct, frozen=True):
    """A row of the exception register whose review date is near or past.

    Attributes:
        module: The file that may miss its floor.
        suite: The suite that the file belongs to.
        owner: The person or team responsible.
        review_date: YYYY-MM-DD.
        days_left: Days until the review date; negative after it.
    """

    module: str
    suite: str
    owner: str
    review_date: str
    days_left: int


class Drop(msgspec.Struct, frozen=True):
    """A measure that fell since the base; `measure` is `total`, `patch` or a theme."""

    suite: str
    measure: str
    before: Counts
    after: Counts

    @property
    def points(self) -> Fraction:
        """The drop in percentage points; a measure with nothing to cover counts as 0 %."""
        return (self.before.percent or Fraction(0)) - (self.after.percent or Fraction(0))


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The current results of a repository, and the findings of the policies.

    Attributes:
        themes: The themes of the table, in its order.
        suites: The last full result of every suite of the table; None if there is none.
        patches: Patch coverage of the suites that the change touches.
        drops: The measures that fell since the base.
        exceptions: The rows of the exception register that are due.
    """

    themes: tuple[str, ...]
    suites: dict[str, Snapshot | None]
    patches: Mapping[str, Counts] = {}
    drops: tuple[Drop, ...] = ()
    exceptions: tuple[ExceptionDue, ...] = ()

    @property
    def present(self) -> list[Snapshot]:
        """The results of the suites that have one."""
        return [snapshot for snapshot in self.suites.values() if snapshot]

    @property
    def columns(self) -> tuple[str, ...]:
        """The themes, followed by the unthemed pass if any suite has one."""
        unthemed = any(UNTHEMED in snapshot.themes for snapshot in self.present)
        return (*self.themes, UNTHEMED) if unthemed else self.themes

    @property
    def passing(self) -> int:
        """The number of suites that pass."""
        return sum(snapshot.verdict == Verdict.PASS for snapshot in self.present)

    @property
    def worst_first(self) -> list[tuple[str, Snapshot | None]]:
        """The suites in the table's order, but those that do not pass first."""
        return sorted(self.suites.items(), key=lambda item: verdict(item[1]) == Verdict.PASS)

    @property
    def waived(self) -> list[tuple[Snapshot, Waiver]]:
        """The files that are below their floor by an exception, with the result of their suite."""
        return [(snapshot, waiver) for snapshot in self.present for waiver in snapshot.waived]

    @property
    def newest(self) -> Snapshot | None:
        """The result that was recorded last."""
        return max(self.present, key=lambda snapshot: snapshot.provenance.recorded_at, default=None)

    @property
    def commits(self) -> int:
        """The number of different commits that the results come from."""
        return len({snapshot.provenance.commit for snapshot in self.present})


def verdict(snapshot: Snapshot | None) -> Verdict:
    """Return a suite's verdict, or `missing`."""
    return snapshot.verdict if snapshot else Verdict.MISSING


def describe_trouble(cell: Cell) -> str:
    """Describe problems with a cell's tests: `no tests`, `2 failed, 1 in error`, or ""."""
    if not cell.outcomes.tests:
        return "no tests"
    counts = ((getattr(cell.outcomes, name), words) for name, words in _BAD.items())
    return ", ".join(f"{number} {words}" for number, words in counts if number)


def days(left: int) -> str:
    """Describe the time until a review date: `today`, `1 day left`, `3 days overdue`."""
    if not left:
        return "today"
    number = abs(left)
    return f"{number} day{'' if number == 1 else 's'} {'left' if left > 0 else 'overdue'}"
