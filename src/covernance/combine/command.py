"""`covernance combine`: the baseline of all suites, from their last runs."""

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
    """What combines all suites when called; only then is what draws charts imported."""

    def combine() -> Sequence[Path]:
        from covernance.combine.workflow import combine_suites  # noqa: PLC0415 - see above

        return combine_suites(table, os.environ, agents, click.echo)

    return combine


@click.command("combine")
def command() -> Exit:
    """Combine the last full run of every suite: coverage/baseline.json, coverage/html/index.html.

    Every suite of the table must have been run; a missing one is an error, since less than all
    suites would read as all.
    """
    table = here()
    for path in combiner(table, find_suite_agents(table, os.environ))():
        click.echo(f"wrote {path.relative_to(table.root)}")
    return Exit.PASS
