"""What an alert can be about."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["gate", "drop", "exception"]
"""What was judged: a suite's gate, a fall of coverage, the review date of an exception."""


class Subject(msgspec.Struct, frozen=True, order=True):
    """What an alert is about; `theme` is empty where the whole suite is meant."""

    kind: Kind
    suite: str
    theme: str
    name: str


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that was judged, good or bad.

    Attributes:
        kind: What was judged.
        suite: The suite that it belongs to.
        theme: The theme, or empty for the whole suite.
        subject: What was judged within that: a file, a cell, the suite. Stable from run to run.
        text: What a person should read; may have several lines.
        good: Whether there is nothing to worry about.
        state: What the bad state is called. Another bad state of the same subject alerts again,
            so a countdown names its stage (`14-days`, `expired`).
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
        """The subject by which states are compared."""
        return Subject(self.kind, self.suite, self.theme, self.subject)
