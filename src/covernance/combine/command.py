"""`covernance combine`: combine the last full runs of all suites into the baseline."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from covernance.agent.suites import Agents, find_suite_agents
from covernance.config import Table
from covernance.errors import Exit
from covernance.shell.repository import here


def combiner(table: Table, agents: Agents) -> Callable[[], Sequence[Path]]:
    """Return a function that combines all suites; it imports the chart code only when called."""

    def combine() -> Sequence[Path]:
        from covernance.combine.workflow import combine_suites  # noqa: PLC0415 - see above

        return combine_suites(table, os.environ, agents, click.echo)

    return combine


@click.command("combine")
def command() -> Exit:
    """Combine the last full runs of all suites into coverage/baseline.json and coverage/html/.

    Every suite of the table must have a result. A missing one is an error, because the total would
    look complete without it.
    """
    table = here()
    for path in combiner(table, find_suite_agents(table, os.environ))():
        click.echo(f"wrote {path.relative_to(table.root)}")
    return Exit.PASS
