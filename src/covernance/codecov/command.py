"""`covernance codecov`: generate codecov.yml from the table."""

from __future__ import annotations

import click

from covernance.codecov import workflow
from covernance.errors import Exit
from covernance.shell.repository import enter_repository


@click.command("codecov")
@click.option(
    "--check", is_flag=True, help="Print what would change as a diff; exit 2 if anything would."
)
@click.option(
    "--dry-run", is_flag=True, help="Print what would change as a diff without writing it."
)
@click.option(
    "--force", is_flag=True, help="Replace a codecov.yml that was not generated from this table."
)
def command(*, check: bool, dry_run: bool, force: bool) -> Exit:
    """Generate codecov.yml with one flag per suite.

    Floors and limits come from the table. Each suite gets three statuses: total coverage, drop
    since the base, and patch coverage. Codecov is optional; this command does not contact it. The
    file is written to the root of the git repository, with paths from there. A file that was not
    generated from this table is not replaced.

    \b
    Examples:
      covernance codecov
      covernance codecov --check
    """  # noqa: D301 - click reads the escape
    table = enter_repository().table
    if not (check or dry_run):
        if not force:
            workflow.protect(table)
        click.echo(f"wrote {workflow.write(table)}")
        return Exit.PASS
    changes = workflow.diff(table)
    click.echo(changes, nl=False)
    if not changes:
        click.echo(f"{workflow.NAME}: no change")
    elif check:
        click.echo(f"{workflow.NAME}: out of date; run covernance codecov", err=True)
        return Exit.GATE
    return Exit.PASS
