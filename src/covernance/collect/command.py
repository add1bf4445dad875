"""`covernance collect`: merge the results of all CI jobs and check every suite."""

from __future__ import annotations

from pathlib import Path

import click

from covernance.agent.suites import find_suite_agents
from covernance.collect import arrivals, workflow
from covernance.combine.command import combiner
from covernance.errors import Exit
from covernance.git.committed_results import is_committed, reject_committed
from covernance.history.open import open_table_store
from covernance.history.store import StoreListing
from covernance.matrix.carry_forward import publish_all_carried
from covernance.matrix.jobs import read
from covernance.model.text import join_some
from covernance.run.output import print_results, worst_exit
from covernance.shell.options import python_option, soft_option
from covernance.shell.repository import enter_repository
from covernance.shell.soft import check_soft, list_unknown, softened


@click.command("collect")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path, resolve_path=True))
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(dir_okay=False, path_type=Path, resolve_path=True),
    help="The plan that lists the expected results. Default: coverage/plan.json.",
)
@soft_option
@python_option
def command(
    folder: Path, plan_file: Path | None, interpreters: tuple[str, ...], *, soft: bool
) -> Exit:
    """Merge the results of all CI jobs and check every suite.

    FOLDER contains the downloaded results; it may be missing if no job had to run. Every planned
    job must have delivered its part, measured at the same commit with the same table; a missing
    part fails the command. Complete suites are put in place, shards are combined, and all floors
    are checked here. A suite that failed in its job still fails. For a suite that the plan left
    out, its earlier result is taken from history if it is no older than carry-days, and is checked
    against today's floor and exceptions.

    \b
    Examples:
      covernance collect arrived
    """  # noqa: D301 - click reads the escape
    context = enter_repository()
    check_soft(context, soft=soft)
    table = context.table
    plan_file = plan_file or context.layout.plan
    if is_committed(plan_file):
        reject_committed(plan_file)
    plan = read(plan_file)
    arrived = arrivals.find_arrivals(folder, plan, table)
    agents = find_suite_agents(context, interpreters)
    carried, not_carried = publish_all_carried(
        context, plan, StoreListing(open_table_store(context))
    )
    results = workflow.collect(context, arrived.complete, agents) + carried
    order = [suite.name for suite in table.suites]
    results.sort(key=lambda result: order.index(result.snapshot.suite))
    if results:
        print_results(results, table, combiner(context, agents), click.echo)
    codes = [result.exit for result in results]
    if arrived.missing:
        names = join_some((job.name for job in arrived.missing), command="covernance plan")
        click.echo(f"collect: no result from these planned jobs: {names}", err=True)
        codes.append(Exit.GATE)
    for suite, reason in not_carried.items():
        click.echo(
            f"collect: {suite}: did not run; no earlier result can be used: {reason}", err=True
        )
        codes.append(Exit.GATE)
    missing = [*(job.name for job in arrived.missing), *not_carried]
    missing += list_unknown((result.snapshot.suite, result.snapshot.verdict) for result in results)
    return softened(worst_exit(codes), soft=soft, missing=missing)
