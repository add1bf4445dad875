"""The result of one suite in a run, with its exit code and reports."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance.errors import Exit
from covernance.model.snapshot import Snapshot


class SuiteResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one suite in a run.

    Attributes:
        snapshot: The measured result; its verdict is `partial` for a partial run.
        exit: The exit code if this were the only suite.
        partial: Why the run was partial; empty for a full run.
        selection: The part of it that a user chose, which nothing judges later; a shard is judged
            with the others.
        published: The reports that were written.
        text: coverage.py's terminal report, if it was requested.
    """

    snapshot: Snapshot
    exit: Exit
    partial: tuple[str, ...]
    selection: tuple[str, ...] = ()
    published: tuple[Path, ...]
    text: str


def to_suite_result(snapshot: Snapshot, published: tuple[Path, ...] = ()) -> SuiteResult:
    """Create the result of a suite that was not measured in this run from its snapshot."""
    return SuiteResult(
        snapshot=snapshot, exit=snapshot.verdict.exit, partial=(), published=published, text=""
    )
