"""`covernance codecov`: keep Codecov's configuration in step with the table."""

from __future__ import annotations

import click

from covernance.codecov import workflow
from covernance.errors import Exit
from covernance.shell.repository import here


@click.command("codecov")
@click.option("--check", is_flag=True, help="Print what would change as a diff; exit 2 if any.")
@click.option("--dry-run", is_flag=True, help="Print what would change as a diff; write nothing.")
def command(*, check: bool, dry_run: bool) -> Exit:
    """Write codecov.yml: a flag a suite, with the floors and limits of the table.

    Codecov is optional, and nothing here talks to it. A suite gets three statuses: its floor, its
    drop since the base, and the lines of the change.

    \b
    Examples:
      covernance codecov
      covernance codecov --check
    """  # noqa: D301 - click reads the escape
    table = here()
    if not (check or dry_run):
        workflow.write(table)
        click.echo(f"wrote {workflow.NAME}")
        return Exit.PASS
    changes = workflow.diff(table)
    click.echo(changes, nl=False)
    if not changes:
        click.echo(f"{workflow.NAME}: no change")
    elif check:
        click.echo(f"{workflow.NAME}: out of step with the table; run covernance codecov", err=True)
        return Exit.GATE
    return Exit.PASS
