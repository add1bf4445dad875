"""Expiring exceptions as facts for alerts."""

from __future__ import annotations

from collections.abc import Sequence

from covernance.exceptions.waivers import Due
from covernance.model.fact import Fact


def exception_facts(found: Sequence[Due]) -> list[Fact]:
    """What an alert should know of each exception that runs out or has."""
    return [
        Fact(
            kind="exception",
            suite=item.row.suite,
            subject=item.row.module,
            text=f"the exception of {item.row.module} holds until {item.row.review}, "
            f"owner {item.row.owner or 'nobody'}",
            good=False,
            state="expired" if item.days < 0 else f"{item.notice}-days",
        )
        for item in found
    ]
