"""What one pass of pytest saw, as the agent's plugin writes it and the tool reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from covernance.errors import InputError
from covernance.model import document
from covernance.model.snapshot import FAILED, SEVERITY

SCHEMA = 1
"""The version that is read here."""

Outcome = Annotated[str, msgspec.Meta(pattern=f"^({'|'.join(SEVERITY)})$")]
"""How a test ended."""


class Collected(msgspec.Struct):
    """What collection found.

    Attributes:
        selected: The tests of this pass, each with the themes that it carries.
        unthemed: Tests of the suite that carry no theme, selected or not.
        deselected: Tests of this pass's theme that something else deselected (`-k`, a plugin).
    """

    selected: dict[str, tuple[str, ...]] = {}
    unthemed: list[str] = []
    deselected: list[str] = []


class Record(msgspec.Struct):
    """What one pass saw.

    Attributes:
        schema: The version of the file.
        exit: pytest's exit status.
        collected: What collection found.
        outcomes: How each test ended.
        seconds: How long each test took.
        collection_errors: What could not be collected.
        reran: Tests that were run again after a failed attempt, as plugins that retry do.
        narrowed: Settings in force that leave tests out, from wherever they came.
    """

    schema: int
    exit: int
    collected: Collected
    outcomes: dict[str, Outcome]
    seconds: dict[str, float]
    collection_errors: list[str]
    narrowed: list[str] = []
    reran: list[str] = []

    @property
    def complete(self) -> bool:
        """Whether every selected test was run to its end."""
        return not self.collection_errors and self.collected.selected.keys() <= self.outcomes.keys()

    @property
    def failures(self) -> frozenset[str]:
        """Tests and files that failed, or could not be set up, torn down or collected."""
        bad = {test for test, outcome in self.outcomes.items() if outcome in FAILED}
        return frozenset(bad | set(self.collection_errors))


def read_record(path: Path) -> Record | None:
    """Read a record; None when the pass died before it wrote one.

    Raises:
        InputError: It is damaged, or of another version.
    """
    record = document.find(path, Record, "the record of a pass", "run its suite again")
    if record and record.schema != SCHEMA:
        msg = f"{path}: is of schema {record.schema}, this covernance reads schema {SCHEMA}; "
        raise InputError(msg + "run its suite again")
    return record


class Progress(msgspec.Struct, frozen=True):
    """How far a pass is: how many of its tests have ended, of how many."""

    done: int
    tests: int


def progress_path(record: Path) -> Path:
    """Where a pass tells how far it is: the number of its tests, then a dot for each that ended."""
    return record.with_name("progress")


def read_progress(path: Path) -> Progress | None:
    """Read how far a pass is; None while it is collecting."""
    try:
        tests, line_break, dots = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return Progress(len(dots), int(tests)) if line_break else None
