"""`covernance digest`: tell what happened in the last days."""

from __future__ import annotations

import os
import re
from datetime import timedelta

import click

from covernance.errors import Exit, InputError
from covernance.shell.repository import here

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SPAN = re.compile(r"([1-9][0-9]{0,3})([hdw])")


@click.command("digest")
@click.option(
    "--since",
    default="7d",
    show_default=True,
    metavar="SPAN",
    help="How far back from --until: 12h, 7d, 2w.",
)
@click.option(
    "--until",
    metavar="TIME",
    help="Where the days end, as 2026-11-21T12:00:00Z. Default: the newest result's time.",
)
@click.option(
    "--branch", metavar="NAME", help="The branch to tell of. Default: the default branch."
)
@click.option("--dry-run", is_flag=True, help="Print the digest and write nothing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    show_default=True,
    help="What --dry-run prints; both are written.",
)
def command(since: str, until: str | None, branch: str | None, form: str, *, dry_run: bool) -> Exit:
    """Write what happened in the last days to docs/metrics: Markdown, JSON and charts.

    It tells, from history: coverage by suite and theme, patch coverage, runs, failures and time,
    flaky and slowest tests, exceptions, and floors that could be raised. The same history gives
    the same bytes.

    \b
    Examples:
      covernance digest --since 7d
      covernance digest --since 2w --until 2026-11-21T00:00:00Z --dry-run
    """  # noqa: D301 - click reads the escape
    from covernance.digest import workflow  # noqa: PLC0415 - likewise
    from covernance.history.open import open_table_store  # noqa: PLC0415 - likewise
    from covernance.model import timestamp  # noqa: PLC0415 - help does not pay for it

    length = _span(since)
    end = None if until is None else timestamp.read(until, "--until")
    table = here()
    request = workflow.Request(branch=branch or table.default_branch, length=length, until=end)
    folder = table.root / workflow.FOLDER
    content = workflow.render(workflow.build(table, open_table_store(table), request), folder)
    if dry_run:
        suffix = {"markdown": "md", "json": "json"}[form]
        click.echo(content[folder / f"{workflow.NAME}.{suffix}"].decode(), nl=False)
        return Exit.PASS
    workflow.publish(content)
    for path in content:
        click.echo(f"wrote {os.path.relpath(path, table.root)}")
    return Exit.PASS


def _span(text: str) -> timedelta:
    if found := _SPAN.fullmatch(text):
        return int(found[1]) * _UNITS[found[2]]
    raise InputError(f"--since: {text!r} is no length of time; write 12h, 7d or 2w")
