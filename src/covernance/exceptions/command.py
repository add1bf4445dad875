"""`covernance exceptions`: update, check and list the exception register."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from covernance.config import Suite
from covernance.context import Context
from covernance.errors import Exit
from covernance.exceptions import workflow
from covernance.exceptions.debt import Debt, Totals, sum_debts
from covernance.exceptions.expiry_facts import exception_facts
from covernance.exceptions.waivers import Due
from covernance.files import write_atomic
from covernance.model import timestamp
from covernance.model.text import count
from covernance.shell.columns import align
from covernance.shell.options import facts_option, format_option
from covernance.shell.printing import print_json
from covernance.shell.repository import enter_repository

_HEAD = ("module", "suite", "current / floor", "missing", "age", "review", "owner", "status")
_NUMERIC = {2, 3, 4}

_ACCEPTED = ("opened", "reopened")
_ACCEPTANCE = (
    "opened rows need a rationale and an owner, and the label allow-exception-added: `covernance "
    "integrity` reports them"
)

_suites = click.option(
    "--suite",
    "names",
    multiple=True,
    metavar="NAME",
    help="Use only the rows of this suite; repeatable. Default: every suite.",
)


@click.group("exceptions")
def command() -> None:
    """Update, check and list the exception register.

    The register is a table of files that may be below their floor until a review date. It is part
    of a Markdown file. People write the rationale, the owner, the review
    date and the plan; `sync` updates the numbers and the status.

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
    """Update the register from the last full runs.

    Files below their floor get a row, with the owner from CODEOWNERS. Rows whose file has recovered
    are marked resolved. Cells that people fill in, text around the table, and rows of suites that
    were not run do not change. `covernance integrity` reports each new or reopened row.

    \b
    Examples:
      covernance exceptions sync
      covernance exceptions sync --suite api --dry-run
    """  # noqa: D301 - click reads the escape
    context, suites = _start(names)
    if dry_run:
        compared = workflow.compare_register(context, suites)
        click.echo(compared.diff(), nl=False)
    else:
        compared = workflow.sync_register(context, suites)
        for change in compared.synced.changes:
            click.echo(f"{change.kind}: {change.module} ({change.suite}): {change.current}")
        if any(change.kind in _ACCEPTED for change in compared.synced.changes):
            click.echo(_ACCEPTANCE, err=True)
    for suite in compared.unmeasured:
        click.echo(f"{suite.suite}: rows not compared: {'; '.join(suite.reasons)}", err=True)
    if not compared.synced.changes:
        click.echo(f"{compared.path}: no change")
    return Exit.PASS


@command.command(short_help="Exit 2 if rows are out of date, incomplete or expired.")
@_suites
@facts_option
@format_option
def check(names: tuple[str, ...], facts: Path | None, form: str) -> Exit:
    """Exit 2 if the register is out of date, incomplete or has expired rows.

    The check fails if `sync` would change the file, if an open row has no rationale or owner, or if
    the review date of an open row has passed. Rows that expire within 30, 14 or 7 days are
    warnings. Every checked suite needs a full run.

    \b
    Examples:
      covernance exceptions check
      covernance exceptions check --suite api --format json
    """  # noqa: D301 - click reads the escape
    context, suites = _start(names)
    register = context.table.exceptions.register
    result = workflow.check_register(context, suites)
    if facts:
        write_atomic(facts, msgspec.json.encode(exception_facts(result.due)))
    if form == "json":
        print_json(result)
    else:
        for problem in result.problems:
            where = f"{register}:{problem.line}" if problem.line else register
            click.echo(f"{where}: {problem.module} ({problem.suite}): {problem.text}")
        for due in result.due:
            if due.days >= 0:
                click.echo(f"warning: {register}:{due.row.line}: {_warning(due)}")
        if not result.problems:
            click.echo(f"{register}: up to date and complete, nothing expired")
    return Exit.GATE if result.problems else Exit.PASS


@command.command("list")
@_suites
@format_option
def list_rows(names: tuple[str, ...], form: str) -> Exit:
    """List the rows with their age and missing coverage.

    `missing` is the number of statements and branches of the file that did not run in the last full
    run of its suite; `?` means that the suite was not run.

    \b
    Examples:
      covernance exceptions list
      covernance exceptions list --suite api --format json
    """  # noqa: D301 - click reads the escape
    context, suites = _start(names)
    debts = workflow.list_register_debts(context, suites)
    if form == "json":
        print_json({"rows": debts, "totals": sum_debts(debts)})
        return Exit.PASS
    if debts:
        click.echo(align([_HEAD, *map(_cells, debts)], right=_NUMERIC))
    click.echo(_sentence(sum_debts(debts)))
    return Exit.PASS


def _start(names: Sequence[str]) -> tuple[Context, tuple[Suite, ...]]:
    """Return the context and the selected suites."""
    context = enter_repository()
    table = context.table
    return context, tuple(map(table.suite, names)) or table.suites


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
        f"{row.status}{', waives nothing' if row.open and not debt.waives else ''}",
    )


def _sentence(total: Totals) -> str:
    text = f"{total.open} open of {total.rows} rows, {total.expired} expired; "
    text += f"coverage debt: {total.missing} statements and branches"
    if total.unmeasured:
        rows = count(total.unmeasured, "row")
        text += f", not counting {rows} of suites that were not run"
    if total.oldest is not None:
        text += f"; the oldest is {timestamp.format_days(total.oldest)} old"
    return text
