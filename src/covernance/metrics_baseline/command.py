"""`covernance metrics-baseline`: measure coverage, run times and flaky tests."""

from __future__ import annotations

import secrets
import shlex

import click

from covernance.agent.suites import find_suite_agents
from covernance.errors import Exit
from covernance.metrics_baseline import workflow
from covernance.metrics_baseline.render import text
from covernance.shell.options import format_option, python_option
from covernance.shell.repository import enter_repository

_MOST_SEED = 2**32 - 1001


@click.command("metrics-baseline")
@click.option(
    "--repeat",
    type=click.IntRange(1, 1000),
    default=3,
    show_default=True,
    help="Run each suite's tests this many times.",
)
@click.option(
    "--suite",
    "names",
    multiple=True,
    metavar="NAME",
    help="Measure only this suite; repeatable. Default: every suite. The results of some suites "
    "are written to coverage/partial/.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, _MOST_SEED),
    help="The random seed of the first repetition; it grows by 1 for each further one. Default: a "
    "random seed.",
)
@python_option
@click.option("--dry-run", is_flag=True, help="Print the commands without running them.")
@format_option
def command(
    repeat: int,
    names: tuple[str, ...],
    seed: int | None,
    interpreters: tuple[str, ...],
    form: str,
    *,
    dry_run: bool,
) -> Exit:
    """Measure coverage, run times and flaky tests, and write docs/metrics/baseline.*.

    Coverage is read from the last full runs. Each suite's tests then run --repeat times without
    coverage, each time in a different random order. A test is flaky if its outcomes differ. The
    exit code is 1 if a test fails every time; flaky tests are only reported.

    \b
    Examples:
      covernance metrics-baseline --repeat 10
      covernance metrics-baseline --suite api --seed 1234 --repeat 1
    """  # noqa: D301 - click reads the escape
    context = enter_repository()
    table = context.table
    agents = find_suite_agents(context, interpreters)
    suites = tuple(table.suite(name) for name in dict.fromkeys(names)) or table.suites
    first = secrets.randbelow(_MOST_SEED) if seed is None else seed
    request = workflow.Request(
        suites=suites,
        seeds=tuple(range(first, first + repeat)),
        interpreters={suite.name: agents(suite).python for suite in suites},
    )
    if dry_run:
        for repetition in workflow.plan(context, request, context.layout.work / "run"):
            click.echo(shlex.join(repetition.process.command))
        return Exit.PASS
    metrics = workflow.measure(context, request, lambda line: click.echo(line, err=True))
    paths = workflow.publish(context, metrics)
    if form == "json":
        click.echo(metrics.encode(), nl=False)
    else:
        click.echo(text(metrics))
    for path in paths:
        click.echo(f"wrote {path.relative_to(context.root)}", err=True)
    broken = any(suite.broken for suite in metrics.suites.values())
    return Exit.TESTS_FAILED if broken else Exit.PASS
