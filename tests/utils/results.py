"""Results as a run in a checkout would leave them, for tests of what reads them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance.contents import Contents
from covernance.git.provenance import read_head
from covernance.model.snapshot import Snapshot
from tests.utils.contexts import context_of


def measured_now(snapshot: Snapshot, root: Path) -> Snapshot:
    """Return a result as one of the checkout as it is now, at its commit."""
    context = context_of(root)
    provenance = msgspec.structs.replace(
        snapshot.provenance,
        commit=read_head(root),
        contents=Contents(context).of_suite(context.table.suite(snapshot.suite)),
    )
    return msgspec.structs.replace(snapshot, provenance=provenance)
