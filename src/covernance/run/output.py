"""What a measured suite tells its user, and the exit code of several together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from covernance.config import Table
from covernance.errors import CovernanceError, Exit
from covernance.model.counts import show
from covernance.model.origin import describe_origin
from covernance.model.snapshot import CARRIED, REUSED
from covernance.model.suite_result import SuiteResult
from covernance.shell import tables
from covernance.shell.terminal import colored

_SEVERITY = (Exit.PASS, Exit.GATE, Exit.TESTS_FAILED)


def worst(codes: Iterable[Exit]) -> Exit:
    """The exit code of several suites: failed tests before a gate's no before a pass."""
    return max(codes, key=_SEVERITY.index, default=Exit.PASS)


def tell(
    results: Sequence[SuiteResult], table: Table, combine: Callable[[], Sequence[Path]]
) -> None:
    """Print what a run found: reports, the table, what is wrong, a closing line a suite.

    Args:
        results: What became of each suite.
        table: The table.
        combine: Makes the reports of all suites together; called if every suite has new data.

    Raises:
        CovernanceError: The baseline could not be made; it is told after what was measured.
    """
    for result in results:
        _show(result, table)
    problem: CovernanceError | None = None
    if len(results) == len(table.suites) and not any(result.partial for result in results):
        try:
            _show_baseline(results, table, combine)
        except CovernanceError as error:
            problem = error
    click.echo("\n" + tables.table([result.snapshot for result in results]))
    for result in results:
        if result.exit is not Exit.PASS:
            click.echo("\n" + tables.failures(result.snapshot))
        if not result.partial and (hint := tables.lift(result.snapshot)):
            click.echo(hint)
    for result in results:
        click.echo(_closing_line(result))
    if problem:
        raise problem


def _show(result: SuiteResult, table: Table) -> None:
    suite = result.snapshot.suite
    if result.text:
        click.echo(f"\n{suite}\n{result.text.rstrip()}")
    if not result.partial:
        _list(f"{suite}: tests that carry no theme", result.snapshot.unthemed)
    _list(f"{suite}: flaky tests, which ended both ways", result.snapshot.flaky)
    for path in result.published:
        click.echo(f"{suite}: wrote {os.path.relpath(path, table.root)}")
    if told := _carried(result):
        click.echo(f"{suite}: {told}; its data and reports are not here")
    elif not result.partial and not result.published:
        click.echo(f"{suite}: wrote no reports; those of the last complete run are kept")


def _carried(result: SuiteResult) -> str:
    source = result.snapshot.provenance
    return describe_origin(source) if source.source == CARRIED else ""


def _list(what: str, tests: Sequence[str]) -> None:
    if tests:
        click.echo(f"{what} ({len(tests)}):")
        click.echo("\n".join(f"  {test}" for test in tests))


def _show_baseline(
    results: Sequence[SuiteResult], table: Table, combine: Callable[[], Sequence[Path]]
) -> None:
    if carried := [result.snapshot.suite for result in results if _carried(result)]:
        click.echo(f"baseline: not written: the data of {', '.join(carried)} is not here (carried)")
        return
    if unpublished := [result.snapshot.suite for result in results if not result.published]:
        click.echo(f"baseline: not written: {', '.join(unpublished)} did not run to the end")
        return
    for path in combine():
        click.echo(f"baseline: wrote {os.path.relpath(path, table.root)}")


def _closing_line(result: SuiteResult) -> str:
    suite, verdict = result.snapshot.suite, result.snapshot.verdict
    if result.partial:
        red = f", but is red: {verdict}" if result.exit else ""
        return f"{suite}: partial run ({'; '.join(result.partial)}): gates nothing{red}"
    percent = show(result.snapshot.total.percent)
    floor = result.snapshot.floor
    color = "green" if result.exit is Exit.PASS else "red"
    styled = click.style(verdict, fg=color) if colored() else verdict
    told = f"{suite}: {styled}: {percent} % of a floor of {floor.percent} % (from {floor.origin})"
    source = result.snapshot.provenance
    return f"{told}; {describe_origin(source)}" if source.source == REUSED else told
