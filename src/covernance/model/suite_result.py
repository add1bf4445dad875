"""What became of one suite in a run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance.errors import Exit
from covernance.model.snapshot import Snapshot
from covernance.model.verdict import Verdict


class SuiteResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one suite.

    Attributes:
        snapshot: The result; its verdict is `partial` for a selection.
        exit: The exit code that this suite alone would give.
        partial: Why this was a selection; empty for a full run.
        published: The reports that were put in place.
        text: coverage.py's terminal report, where it was asked for.
    """

    snapshot: Snapshot
    exit: Exit
    partial: tuple[str, ...]
    published: tuple[Path, ...]
    text: str


def to_suite_result(snapshot: Snapshot, published: tuple[Path, ...] = ()) -> SuiteResult:
    """What becomes of a suite by a result that was not measured just now."""
    verdict = Verdict(snapshot.verdict, snapshot.reasons)
    return SuiteResult(
        snapshot=snapshot, exit=verdict.exit, partial=(), published=published, text=""
    )
