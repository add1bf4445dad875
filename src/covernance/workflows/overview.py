"""What every policy says of the last full runs, gathered for the reports and the alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from covernance.config import Table
from covernance.errors import CovernanceError
from covernance.model import moment
from covernance.model.counts import show
from covernance.policy.alerts import Fact
from covernance.policy.register_row import Row
from covernance.policy.waivers import Due, due
from covernance.report.state import Drop, Patch, State
from covernance.workflows import changes, current, exceptions, guard, summary


def state(
    table: Table, ref: str | None, environ: Mapping[str, str], tell: Callable[[str], None]
) -> State:
    """The current results with exceptions due, patch coverage and drops.

    Args:
        table: The table; its folder must be the current one.
        ref: The branch or commit to compare with; None for the default branch.
        environ: The environment, which names the target of a pull request.
        tell: Is told what had to be left out, and why.

    Raises:
        InputError: A snapshot, its time or the register is damaged.
    """
    patches: Sequence[Patch] = ()
    drops: Sequence[Drop] = ()
    try:
        base = changes.base(table, ref, environ)
        patches = _patches(table, base)
        drops = _drops(guard.guard_suites(table, table.suites, current.store(table), base))
    except CovernanceError as error:
        tell(f"patch coverage and drops are left out: {error}")
    rows, today = _register(table)
    told = [exceptions.told(item.row, today) for item in due(rows, today)]
    return summary.state(table, patches=patches, drops=drops, exceptions=told)


def guard_facts(results: Sequence[guard.Guarded]) -> list[Fact]:
    """What an alert should know of each number that the guard compared."""
    return [
        Fact(
            kind="drop",
            suite=result.suite,
            theme="" if drop.measure in (guard.TOTAL, guard.PATCH) else drop.measure,
            subject=drop.measure,
            text=f"{drop.measure} of {result.suite}: {show(drop.before.percent)} % → "
            f"{show(drop.after.percent)} %, at most {drop.limit} points down",
            good=not drop.over,
        )
        for result in results
        if result.comparison
        for drop in result.comparison.numbers
    ]


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


def _patches(table: Table, base: str) -> list[Patch]:
    """What runs of the change since `base`, for the suites that it touches.

    On the default branch there is none since `base`: it is what the results recorded of their
    commit.
    """
    results = current.results(table)
    found = []
    for suite in changes.patch(table, table.suites, base).suites:
        for whole in suite.results[:1]:
            counts, result = whole.counts, results[suite.suite]
            if not counts.total and result and result.patch and result.provenance.commit == base:
                counts = result.patch.total
            if counts.total:
                found.append(Patch(suite.suite, counts.covered, counts.total))
    return found


def _drops(results: Sequence[guard.Guarded]) -> list[Drop]:
    return [
        Drop(result.suite, drop.measure, drop.before, drop.after)
        for result in results
        if result.comparison
        for drop in result.comparison.numbers
        if drop.over
    ]


def _register(table: Table) -> tuple[Sequence[Row], date]:
    """The register's rows, and the day of the newest result: the reports' only clock."""
    days = [
        moment.read(result.provenance.recorded_at, f"the result of {result.suite}").date()
        for result in current.results(table).values()
        if result
    ]
    return (exceptions.rows(table) if days else ()), max(days, default=date.min)
