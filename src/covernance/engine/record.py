"""The record of one pass, written by the agent's pytest plugin and read by the tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from covernance.errors import InputError
from covernance.model import document
from covernance.model.effects import Setting
from covernance.model.snapshot import FAILED, SEVERITY

RECORD = "record.json"
"""The file in a theme's folder in which the agent's plugin records what ran."""

SCHEMA = 1
"""The supported version of the file."""

Outcome = Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(SEVERITY)})$")]
"""The outcome of a test."""


class Collected(msgspec.Struct):
    """The collected tests.

    Attributes:
        selected: The tests of this pass, each with its themes.
        unthemed: Tests of the suite without a theme, whether this pass runs them or not.
        deselected: Tests of this pass's theme that were deselected otherwise (`-k`, a plugin).
        elsewhere: Tests of this pass's theme that other shards run.
    """

    selected: dict[str, tuple[str, ...]] = {}
    unthemed: list[str] = []
    deselected: list[str] = []
    elsewhere: list[str] = []


class Record(msgspec.Struct):
    """The record of one pass.

    Attributes:
        schema: The version of the file.
        exit: pytest's exit status.
        collected: The collected tests.
        outcomes: The outcome of each test.
        seconds: The duration of each test.
        collection_errors: Files that could not be collected.
        reran: Tests that a plugin ran again after a failed attempt.
        overwritten: Options that name a file of a plugin which a pass has overwritten.
        junit: The path at which an option asks for a JUnit XML; "" if none does.
        notes: What the pass changed for covernance, one sentence each.
        has_collected: Whether all tests were collected; False if pytest was stopped before.
        not_entered: Tests with an outcome whose own code did not run, or skipped itself.
        origins: By source of the suite, the module that was imported under its name, its file, and
            the first source file that differs from an installed copy, or "".
        reasons: Why a test, or all of a file, was skipped or expected to fail.
        settings: pytest's settings in force.
        plugins: pytest's plugins, with their versions.
        unknown_markers: Markers in the table that no test has and pytest's settings do not declare.
            If there is any, no test ran.
        known_markers: The other markers, if any is unknown.
    """

    schema: int
    exit: int
    collected: Collected
    outcomes: dict[str, Outcome]
    seconds: dict[str, float]
    collection_errors: list[str]
    overwritten: list[tuple[str, str]] = []
    junit: str = ""
    notes: list[str] = []
    reran: list[str] = []
    has_collected: bool = True
    not_entered: list[str] = []
    origins: dict[str, tuple[str, str, str]] = {}
    reasons: dict[str, str] = {}
    settings: dict[str, Setting] = {}
    plugins: dict[str, str] = {}
    unknown_markers: list[str] = []
    known_markers: list[str] = []

    @property
    def complete(self) -> bool:
        """Whether every test was collected, and every selected one ran to its end."""
        return self.has_collected and not self.collection_errors and not self.unfinished

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The selected tests without an outcome."""
        return tuple(sorted(self.collected.selected.keys() - self.outcomes.keys()))

    @property
    def entered(self) -> frozenset[str]:
        """The tests whose own code ran without skipping itself."""
        return frozenset(self.outcomes.keys() - set(self.not_entered))

    @property
    def failures(self) -> frozenset[str]:
        """Tests and files that failed, or could not be set up, torn down or collected."""
        bad = {test for test, outcome in self.outcomes.items() if outcome in FAILED}
        return frozenset(bad | set(self.collection_errors))


def read_record(path: Path) -> Record | None:
    """Read a record; None if the pass died before it wrote one.

    Raises:
        InputError: The record is damaged or of another version.
    """
    record = document.find(path, Record, "the record of a pass", "run its suite again")
    if record and record.schema != SCHEMA:
        msg = f"{path}: has schema {record.schema} instead of {SCHEMA}; "
        raise InputError(msg + "run its suite again")
    return record


class Progress(msgspec.Struct, frozen=True):
    """The progress of a pass: the number of finished tests and of all its tests."""

    done: int
    tests: int


def progress_path(record: Path) -> Path:
    """Return the file with the number of a pass's tests, then one dot per finished test."""
    return record.with_name("progress")


def read_progress(path: Path) -> Progress | None:
    """Read the progress of a pass; None while it is collecting."""
    try:
        tests, line_break, dots = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return Progress(len(dots), int(tests)) if line_break else None
