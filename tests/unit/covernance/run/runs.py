"""Runs for tests: what is asked for, who watches, and what a pass saw."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from covernance.config import Table
from covernance.engine.arguments import parse
from covernance.engine.processes import Finished
from covernance.engine.record import Collected, Record
from covernance.run.request import Request

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def request(table: Table, *pytest_arguments: str, **changes: object) -> Request:
    """A full run of every suite at `NOW`, but for what is said."""
    usual = Request(
        suites=table.suites,
        themes=None,
        fail_under=None,
        arguments=parse(pytest_arguments, table.root),
        jobs=2,
        color=False,
        environ={},
        now=NOW,
    )
    return msgspec.structs.replace(usual, **changes)


def record(theme: str, **changes: object) -> Record:
    """What a green pass of one test saw, but for what is said."""
    plain: dict[str, object] = {
        "exit": 0,
        "collected": Collected(selected={f"t::{theme}": (theme,)}),
        "outcomes": {f"t::{theme}": "passed"},
        "seconds": {},
        "collection_errors": [],
    }
    return Record(**(plain | changes))  # type: ignore[arg-type]


class Quiet:
    """An observer that tells nobody."""

    def started(self, planned: object) -> None: ...

    def running(self, planned: object) -> None: ...

    def finished(self, result: Finished) -> None: ...

    def told(self, text: str) -> None: ...
