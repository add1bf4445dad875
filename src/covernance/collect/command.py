"""`covernance collect`: the jobs of a matrix, taken in."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from covernance.agent.suites import find_suite_agents
from covernance.collect import workflow
from covernance.combine.command import combiner
from covernance.errors import Exit
from covernance.history.open import open_table_store
from covernance.history.store import StoreListing
from covernance.layout import Layout
from covernance.matrix.carry_forward import take_all
from covernance.matrix.jobs import read
from covernance.run.output import tell, worst
from covernance.shell.options import soft_option, softened
from covernance.shell.repository import here


@click.command("collect")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What had to arrive. Default: coverage/plan.json.",
)
@soft_option
def command(folder: Path, plan_file: Path | None, *, soft: bool) -> Exit:
    """Take in what the jobs of a matrix measured, as if this machine had run every suite.

    FOLDER holds what was downloaded, and need not be there where nothing ran. Every job of the plan
    must have brought its part, measured at the same commit with the same table; a missing one is
    never green. Suites that came whole are put in place, shards are combined, and all are judged
    here; what a job refused stays refused. For a suite that the plan left out its earlier result is
    taken from history, where it is no older than carry-days, and judged by today's floor and
    exceptions.

    \b
    Examples:
      covernance collect arrived
    """  # noqa: D301 - click reads the escape
    folder = folder.absolute()
    given = plan_file.absolute() if plan_file else None
    table = here()
    plan = read(given or Layout(table.root).plan)
    arrived = workflow.arrivals(folder, plan, table)
    now = datetime.now(UTC)
    agents = find_suite_agents(table, os.environ)
    carried, refused = take_all(table, plan, StoreListing(open_table_store(table)), os.environ, now)
    results = workflow.collect(table, arrived.complete, os.environ, now, agents) + carried
    order = [suite.name for suite in table.suites]
    results.sort(key=lambda result: order.index(result.snapshot.suite))
    if results:
        tell(results, table, combiner(table, agents))
    codes = [result.exit for result in results]
    if arrived.missing:
        named = ", ".join(job.name for job in arrived.missing)
        click.echo(f"collect: planned, and did not arrive: {named}", err=True)
        codes.append(Exit.GATE)
    for suite, reason in refused.items():
        click.echo(f"collect: {suite}: did not run, and nothing stands for it: {reason}", err=True)
        codes.append(Exit.GATE)
    return softened(worst(codes), soft=soft)
