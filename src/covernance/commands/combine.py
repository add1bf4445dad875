"""`covernance combine`: the baseline of all suites, from their last runs."""

from __future__ import annotations

import os

import click

from covernance.commands.repository import here
from covernance.errors import Exit
from covernance.workflows.baseline import baseline


@click.command()
def combine() -> Exit:
    """Combine the last full run of every suite: coverage/baseline.json, coverage/html/index.html.

    Every suite of the table must have been run; a missing one is an error, since less than all
    suites would read as all.
    """
    table = here()
    for path in baseline(table, os.environ, click.echo):
        click.echo(f"wrote {path.relative_to(table.root)}")
    return Exit.PASS
