"""Facts for alerts about exceptions that expire."""

from __future__ import annotations

from collections.abc import Sequence

from covernance.exceptions.waivers import Due
from covernance.model.fact import Fact


def exception_facts(exceptions: Sequence[Due]) -> list[Fact]:
    """Create one fact per exception that expires soon or has expired."""
    return [
        Fact(
            kind="exception",
            suite=due.row.suite,
            subject=due.row.module,
            text=f"the exception for {due.row.module} is valid until {due.row.review}, "
            f"owner {due.row.owner or 'nobody'}",
            good=False,
            state="expired" if due.days < 0 else f"{due.notice}-days",
        )
        for due in exceptions
    ]
