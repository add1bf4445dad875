"""Facts for alerts: what was checked, and whether it passed."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["gate", "drop", "exception"]
"""What was checked: a suite's gate, a drop in coverage, the review date of an exception."""


class Subject(msgspec.Struct, frozen=True, order=True):
    """The subject of an alert; `theme` is empty for a whole suite."""

    kind: Kind
    suite: str
    theme: str
    name: str


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that was checked, good or bad.

    Attributes:
        kind: What was checked.
        suite: The suite that it belongs to.
        theme: The theme; empty for the whole suite.
        subject: What was checked within the suite: a file, a cell, the suite itself. Does not
            change from run to run.
        text: The message for people; may have several lines.
        good: Whether it passed.
        state: The name of the bad state. A subject that changes to another bad state alerts again,
            so a countdown names its stages (`14-days`, `expired`).
    """

    kind: Kind
    suite: str
    subject: str
    text: str
    good: bool
    theme: str = ""
    state: str = "bad"

    @property
    def about(self) -> Subject:
        """The subject, by which the states of two runs are matched."""
        return Subject(self.kind, self.suite, self.theme, self.subject)
