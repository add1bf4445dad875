"""Collect the last full runs with patch coverage, drops and exceptions due, for the reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from covernance.agent.suites import Agents
from covernance.context import Context
from covernance.errors import CovernanceError
from covernance.exceptions.row import Row
from covernance.exceptions.waivers import find_due
from covernance.exceptions.workflow import read_rows
from covernance.git.base import find_change_base
from covernance.git.governed import govern_context
from covernance.guard.workflow import GuardResult, guard_suites
from covernance.history.open import open_table_store
from covernance.model import timestamp
from covernance.model.counts import Counts
from covernance.model.snapshot import Snapshot
from covernance.patch.workflow import measure_patch
from covernance.reports.exceptions_due import exception_due
from covernance.reports.state import Drop, ExceptionDue, State
from covernance.results import read_results


def full_state(
    context: Context,
    ref: str | None,
    agents: Agents,
    warn: Callable[[str], None],
) -> State:
    """Read the current results with exceptions due, patch coverage and drops.

    Args:
        context: The context; the table's folder must be the current one.
        ref: The branch or commit to compare with; None for the default branch.
        agents: Finds the agent that reads a suite's changed sources.
        warn: Called with a line if something had to be left out.

    Raises:
        InputError: A snapshot, its time or the register is damaged.
    """
    patches: Mapping[str, Counts] = {}
    drops: Sequence[Drop] = ()
    try:
        base = find_change_base(context, ref).commit
        if base is not None:
            governed = govern_context(context, base).context
            patches = _patches(governed, base, agents)
            store = open_table_store(governed)
            drops = _drops(guard_suites(governed, governed.table.suites, store, base))
    except CovernanceError as error:
        warn(f"patch coverage and drops are not shown: {error}")
    results = read_results(context)
    rows, today = _register(context, results)
    exceptions = [exception_due(item.row, today) for item in find_due(rows, today)]
    return gather_state(context, results, patches=patches, drops=drops, exceptions=exceptions)


def _patches(context: Context, base: str, agents: Agents) -> dict[str, Counts]:
    """The patch coverage since `base`, for the suites that the change touches."""
    return {
        suite.suite: whole.counts
        for suite in measure_patch(context, context.table.suites, base, agents).suites
        for whole in suite.results[:1]
        if whole.counts.total
    }


def _drops(results: Sequence[GuardResult]) -> list[Drop]:
    return [
        Drop(result.suite, drop.measure, drop.before, drop.after)
        for result in results
        if result.comparison
        for drop in result.comparison.numbers
        if drop.over
    ]


def _register(
    context: Context, results: Mapping[str, Snapshot | None]
) -> tuple[Sequence[Row], date]:
    """The register's rows, and the day of the newest result, which reports use as today's date."""
    days = [
        timestamp.read(result.provenance.recorded_at, f"the result of {result.suite}").date()
        for result in results.values()
        if result
    ]
    return (read_rows(context.table) if days else ()), max(days, default=date.min)


def gather_state(
    context: Context,
    results: Mapping[str, Snapshot | None],
    *,
    patches: Mapping[str, Counts] = {},
    drops: Sequence[Drop] = (),
    exceptions: Sequence[ExceptionDue] = (),
) -> State:
    """Put the current results together with the findings of the policies."""
    return State(
        themes=context.table.themes,
        suites=dict(results),
        patches=patches,
        drops=tuple(drops),
        exceptions=tuple(exceptions),
    )
