"""`covernance exceptions`: the register of files that may miss their floor for a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import click
import msgspec

from covernance.config import Suite, Table
from covernance.errors import Exit
from covernance.exceptions import workflow
from covernance.exceptions.debt import Debt, Totals, sum_debts
from covernance.exceptions.expiry_facts import exception_facts
from covernance.exceptions.waivers import Due
from covernance.files import write_atomic
from covernance.model import timestamp
from covernance.shell.columns import align
from covernance.shell.options import facts_option, format_option
from covernance.shell.repository import here

_HEAD = ("module", "suite", "current / floor", "missing", "age", "review", "owner", "status")
_NUMERIC = {2, 3, 4}

_suites = click.option(
    "--suite",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only the rows of this suite; repeatable. Default: every suite.",
)


@click.group("exceptions")
def command() -> None:
    """Keep the register of files that may miss their floor for a while.

    The register is a table in a Markdown file. People write the rationale, the owner, the review
    date and the plan; `sync` keeps the numbers and the status.

    \b
    Examples:
      covernance exceptions sync --dry-run
      covernance exceptions check --suite api
      covernance exceptions list --format json
    """  # noqa: D301 - click reads the escape


@command.command()
@_suites
@click.option("--dry-run", is_flag=True, help="Print what would change as a diff; write nothing.")
def sync(names: tuple[str, ...], *, dry_run: bool) -> Exit:
    """Bring the register in step with the last full runs.

    Files below their floor get a row, with the owner that CODEOWNERS names; rows whose file
    recovered are marked resolved. Cells that people fill in, and all text around the table, stay
    as they are. Rows of a suite that was not run stay as they are, too.

    \b
    Examples:
      covernance exceptions sync
      covernance exceptions sync --suite api --dry-run
    """  # noqa: D301 - click reads the escape
    table, suites = _table(names)
    if dry_run:
        compared = workflow.compare_register(table, suites, _today())
        click.echo(compared.diff(), nl=False)
    else:
        compared = workflow.sync_register(table, suites, _today())
        for change in compared.synced.changes:
            click.echo(f"{change.kind}: {change.module} ({change.suite}): {change.current}")
    for name in compared.unmeasured:
        click.echo(f"{name}: has no full run yet; its rows were not compared", err=True)
    if not compared.synced.changes:
        click.echo(f"{compared.path}: no change")
    return Exit.PASS


@command.command()
@_suites
@facts_option
@format_option
def check(names: tuple[str, ...], facts: Path | None, form: str) -> Exit:
    """Say no (exit 2) if out of step, unfilled or expired.

    Each of these is a no: `sync` would change the file; an open row lacks its rationale or its
    owner; the review date of an open row has passed. Rows that run out within 30, 14 and 7 days
    are warnings. Every suite in question must have been run in full.

    \b
    Examples:
      covernance exceptions check
      covernance exceptions check --suite api --format json
    """  # noqa: D301 - click reads the escape
    table, suites = _table(names)
    register = table.exceptions.register
    result = workflow.check_register(table, suites, _today())
    if facts:
        write_atomic(facts, msgspec.json.encode(exception_facts(result.due)))
    if form == "json":
        click.echo(_json(result))
    else:
        for problem in result.problems:
            where = f"{register}:{problem.line}" if problem.line else register
            click.echo(f"{where}: {problem.module} ({problem.suite}): {problem.text}")
        for due in result.due:
            if due.days >= 0:
                click.echo(f"warning: {register}:{due.row.line}: {_warning(due)}")
        if not result.problems:
            click.echo(f"{register}: in step, filled in, nothing expired")
    return Exit.GATE if result.problems else Exit.PASS


@command.command("list")
@_suites
@format_option
def list_rows(names: tuple[str, ...], form: str) -> Exit:
    """List the rows, how old they are, and what they leave uncovered.

    `missing` counts the statements and branches of a row's file that never ran, from the last
    full run of its suite; `?` stands for a suite that was not run.

    \b
    Examples:
      covernance exceptions list
      covernance exceptions list --suite api --format json
    """  # noqa: D301 - click reads the escape
    table, suites = _table(names)
    debts = workflow.list_register_debts(table, suites, _today())
    if form == "json":
        click.echo(_json({"rows": debts, "totals": sum_debts(debts)}))
        return Exit.PASS
    if debts:
        click.echo(align([_HEAD, *map(_cells, debts)], right=_NUMERIC))
    click.echo(_sentence(sum_debts(debts)))
    return Exit.PASS


def _table(names: Sequence[str]) -> tuple[Table, tuple[Suite, ...]]:
    table = here()
    return table, tuple(map(table.suite, names)) or table.suites


def _today() -> date:
    return datetime.now(UTC).date()


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()


def _warning(due: Due) -> str:
    row = due.row
    left = timestamp.format_days(due.days)
    return f"{row.module} ({row.suite}): expires in {left}, on {row.review}"


def _cells(debt: Debt) -> tuple[str, ...]:
    row = debt.row
    return (
        row.module,
        row.suite,
        row.current,
        "?" if debt.missing is None else str(debt.missing),
        "" if debt.age is None else f"{debt.age} d",
        f"{row.review}{' (expired)' if row.open and debt.days < 0 else ''}",
        row.owner,
        str(row.status),
    )


def _sentence(total: Totals) -> str:
    text = f"{total.open} open of {total.rows} rows, {total.expired} expired; "
    text += f"coverage debt: {total.missing} statements and branches"
    if total.unmeasured:
        text += f", and {total.unmeasured} rows that were not measured"
    if total.oldest is not None:
        text += f"; the oldest is {timestamp.format_days(total.oldest)} old"
    return text
