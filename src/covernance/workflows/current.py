"""What the reports read: the last full result of every suite, and the table's history."""

from __future__ import annotations

import os

from covernance.config import Table
from covernance.errors import InputError
from covernance.history.store import Store
from covernance.layout import Layout
from covernance.model import snapshot
from covernance.model.snapshot import Snapshot
from covernance.workflows.history import Kind, chosen, open_store, usual_remote


def results(table: Table) -> dict[str, Snapshot | None]:
    """Read the snapshot of every suite of the table; None for a suite that has none.

    Raises:
        InputError: One is damaged, of a newer version, or of another suite.
    """
    layout = Layout(table.root)
    found: dict[str, Snapshot | None] = {}
    for suite in table.suites:
        path = layout.snapshot(suite.name)
        found[suite.name] = snapshot.read(path) if path.exists() else None
        if (read := found[suite.name]) and read.suite != suite.name:
            msg = f"{path}: is the result of {read.suite!r}, not of {suite.name!r}; "
            msg += f"run `covernance run --suite {suite.name}` again"
            raise InputError(msg)
    return found


def store(table: Table, kind: Kind | None = None) -> Store:
    """Open the history that `$COVERAGE_HISTORY_STORE` or the table names.

    Raises:
        CovernanceError: It is a branch, and there is no git or no repository.
    """
    kind = kind or chosen(table, os.environ)
    remote = usual_remote(table.root, table.history.remote) if kind == "git" else None
    return open_store(kind, table.root, branch=table.history.branch, remote=remote)
