"""`covernance digest`: summarise recent results."""

from __future__ import annotations

import os
import re
from datetime import timedelta

import click

from covernance.errors import Exit, InputError
from covernance.shell.repository import enter_repository

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SPAN = re.compile(r"([1-9][0-9]{0,3})([hdw])")


@click.command("digest")
@click.option(
    "--since",
    default="7d",
    show_default=True,
    metavar="SPAN",
    help="The length of the period: 12h, 7d, 2w.",
)
@click.option(
    "--until",
    metavar="TIME",
    help="The end of the period, as 2026-11-21T12:00:00Z. Default: the time of the newest result.",
)
@click.option(
    "--branch", metavar="NAME", help="The branch to summarise. Default: the default branch."
)
@click.option("--dry-run", is_flag=True, help="Print the digest without writing it.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    show_default=True,
    help="The format that --dry-run prints. Without --dry-run both are written.",
)
def command(since: str, until: str | None, branch: str | None, form: str, *, dry_run: bool) -> Exit:
    """Summarise recent results in docs/metrics as Markdown, JSON and charts.

    The digest is generated from history. It shows coverage by suite and theme, patch coverage,
    runs, failures and run times, flaky and slow tests, exceptions, and floors that could be raised.
    The same history always gives the same bytes.

    \b
    Examples:
      covernance digest --since 7d
      covernance digest --since 2w --until 2026-11-21T00:00:00Z --dry-run
    """  # noqa: D301 - click reads the escape
    from covernance.digest import workflow  # noqa: PLC0415 - help does not pay for it
    from covernance.git.default_branch import find_default_branch  # noqa: PLC0415 - likewise
    from covernance.history.open import open_table_store  # noqa: PLC0415 - likewise
    from covernance.model import timestamp  # noqa: PLC0415 - likewise

    length = _parse_span(since)
    end = None if until is None else timestamp.read(until, "--until")
    context = enter_repository()
    table = context.table
    request = workflow.Request(
        branch=branch or find_default_branch(context), length=length, until=end
    )
    folder = table.root / workflow.FOLDER
    content = workflow.render(workflow.build(table, open_table_store(context), request), folder)
    if dry_run:
        suffix = {"markdown": "md", "json": "json"}[form]
        click.echo(content[folder / f"{workflow.NAME}.{suffix}"].decode(), nl=False)
        return Exit.PASS
    workflow.publish(content)
    for path in content:
        click.echo(f"wrote {os.path.relpath(path, table.root)}")
    return Exit.PASS


def _parse_span(text: str) -> timedelta:
    if match := _SPAN.fullmatch(text):
        return int(match[1]) * _UNITS[match[2]]
    raise InputError(f"--since: {text!r} is not a length of time; write 12h, 7d or 2w")
