"""Expiring exceptions as facts for alerts."""

from __future__ import annotations

from collections.abc import Sequence

from covernance.exceptions.waivers import Due
from covernance.model.fact import Fact


def exception_facts(exceptions: Sequence[Due]) -> list[Fact]:
    """What an alert should know of each exception that runs out or has."""
    return [
        Fact(
            kind="exception",
            suite=due.row.suite,
            subject=due.row.module,
            text=f"the exception of {due.row.module} holds until {due.row.review}, "
            f"owner {due.row.owner or 'nobody'}",
            good=False,
            state="expired" if due.days < 0 else f"{due.notice}-days",
        )
        for due in exceptions
    ]
