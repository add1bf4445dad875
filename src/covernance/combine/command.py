"""`covernance combine`: combine the last full runs of all suites into the baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from covernance.agent.suites import Agents, find_suite_agents
from covernance.context import Context
from covernance.errors import Exit
from covernance.shell.options import python_option
from covernance.shell.repository import enter_repository


def combiner(context: Context, agents: Agents) -> Callable[[], Sequence[Path]]:
    """Return a function that combines all suites; it imports the chart code only when called."""

    def combine() -> Sequence[Path]:
        from covernance.combine.workflow import combine_suites  # noqa: PLC0415 - see above

        return combine_suites(context, agents, click.echo)

    return combine


@click.command("combine")
@python_option
def command(interpreters: tuple[str, ...]) -> Exit:
    """Combine the last full runs of all suites into coverage/baseline.json and coverage/html/.

    Every suite of the table must have a result. A missing one is an error, because the total would
    look complete without it.
    """
    context = enter_repository()
    for path in combiner(context, find_suite_agents(context, interpreters))():
        click.echo(f"wrote {path.relative_to(context.root)}")
    return Exit.PASS
