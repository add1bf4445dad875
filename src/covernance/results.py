"""Read the last full result of every suite."""

from __future__ import annotations

from covernance.context import Context
from covernance.errors import InputError
from covernance.freshness import Checkout, mark_stale
from covernance.git.committed_results import COMMITTED, list_committed
from covernance.model import snapshot
from covernance.model.snapshot import Snapshot


def read_results(context: Context) -> dict[str, Snapshot | None]:
    """Read the snapshot of every suite of the table; None for a suite without one.

    A snapshot that is not of the suite as it is now, or that came with a commit, has the verdict
    `stale`, and says why.

    Raises:
        InputError: A snapshot is damaged, from a newer version, or of another suite.
        MachineError: git failed.
    """
    checkout = Checkout(context)
    committed = list_committed(context.layout.folder)
    results: dict[str, Snapshot | None] = {}
    for suite in context.table.suites:
        path = context.layout.snapshot(suite.name)
        result = snapshot.read(path) if path.exists() else None
        if result and result.suite != suite.name:
            msg = f"{path}: holds the result of {result.suite!r}, not of {suite.name!r}; "
            msg += f"run `covernance run --suite {suite.name}` again"
            raise InputError(msg)
        if result and path.name in committed:
            result = mark_stale(result, (f"{path} {COMMITTED}",))
        elif result and (reasons := checkout.explain_staleness(suite, result)):
            result = mark_stale(result, reasons)
        results[suite.name] = result
    return results
