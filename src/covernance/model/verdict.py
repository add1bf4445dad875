"""Verdicts: `pass`, or the kind of failure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Self

import msgspec

from covernance.errors import Exit
from covernance.model.text import cut


class Verdict(StrEnum):
    """Every verdict by its name, as snapshots, reports and JSON spell it.

    Attributes:
        meaning: What the verdict says, in one sentence.
    """

    meaning: str

    def __new__(cls, name: str, meaning: str = "") -> Self:
        """Create the member of this name."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.meaning = meaning
        return member

    # A run
    PASS = ("pass", "Everything that was checked is as required.")
    TESTS_FAILED = ("tests-failed", "A test failed or could not be run.")
    NO_TESTS = ("no-tests", "A theme or a selection contains no test, or ran none.")
    NO_DATA = ("no-data", "There is no result, or tests ran without leaving coverage data.")
    ZERO_STATEMENTS = ("zero-statements", "The suite's sources contain no statement to cover.")
    BELOW_FLOOR = ("below-floor", "The suite, a theme, a file or the patch is below its floor.")
    EXPIRED_EXCEPTION = ("expired-exception", "The review date of an exception has passed.")
    PARTIAL = ("partial", "Only a selection ran; floors were not checked.")

    # The guard
    DROPPED = ("dropped", "A number fell by more than its limit since the base.")
    NOTHING_TO_COMPARE = (
        "nothing-to-compare",
        "Too little of the base is left to compare with, and the total is lower.",
    )
    NO_BASELINE = ("no-baseline", "There is no stored result to compare with.")

    # Patch coverage and integrity
    STALE = ("stale", "A source, a test or a setting has changed since the suite was measured.")
    INFORMS = ("informs", "Reported without a floor: a theme, or too few changed lines.")

    # Reports
    MISSING = ("missing", "The suite has no result at all.")

    @property
    def exit(self) -> Exit:
        """The exit code of a command with this verdict.

        Only `pass` is green by itself. A command that was asked for a selection or a bootstrap, or
        that reports what has no floor, accepts the others explicitly.
        """
        if self is Verdict.PASS:
            return Exit.PASS
        return Exit.TESTS_FAILED if self is Verdict.TESTS_FAILED else Exit.GATE


class Waiver(msgspec.Struct, frozen=True, order=True):
    """A file that the exception register allows to be below its floor.

    Attributes:
        path: The file.
        owner: Who is responsible for the exception.
        until: The last day on which the exception is valid.
    """

    path: str
    owner: str
    until: date

    def __str__(self) -> str:
        return f"{self.path} ({self.owner}, until {self.until})"


def count_waived(waived: Sequence[Waiver]) -> str:
    """Return how many files are waived, as `1 file waived`."""
    return "1 file waived" if len(waived) == 1 else f"{len(waived)} files waived"


def describe_waived(waived: Sequence[Waiver]) -> str:
    """Return how many files are waived, and each with its owner and its last day."""
    shown = cut(map(str, waived), command="covernance exceptions list")
    return f"{count_waived(waived)}: {'; '.join(shown)}"


class Assessment(msgspec.Struct, frozen=True):
    """A verdict with one sentence per reason; the verdict is the most serious of them."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
