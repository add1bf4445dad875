"""Read the last full result of every suite."""

from __future__ import annotations

from covernance.context import Context
from covernance.errors import InputError
from covernance.model import snapshot
from covernance.model.snapshot import Snapshot


def read_results(context: Context) -> dict[str, Snapshot | None]:
    """Read the snapshot of every suite of the table; None for a suite without one.

    Raises:
        InputError: A snapshot is damaged, from a newer version, or of another suite.
    """
    snapshots: dict[str, Snapshot | None] = {}
    for suite in context.table.suites:
        path = context.layout.snapshot(suite.name)
        snapshots[suite.name] = snapshot.read(path) if path.exists() else None
        if (result := snapshots[suite.name]) and result.suite != suite.name:
            msg = f"{path}: holds the result of {result.suite!r}, not of {suite.name!r}; "
            msg += f"run `covernance run --suite {suite.name}` again"
            raise InputError(msg)
    return snapshots
