"""`covernance metrics-baseline`."""

from __future__ import annotations

import os
import secrets
import shlex
from datetime import UTC, datetime
from pathlib import Path

import click

from covernance.agent.interpreter import find_interpreter, parse_interpreters
from covernance.errors import Exit
from covernance.layout import Layout
from covernance.metrics_baseline import workflow
from covernance.metrics_baseline.render import text
from covernance.shell.options import format_option, python_option
from covernance.shell.repository import here

_MOST_SEED = 2**32 - 1001


@click.command("metrics-baseline")
@click.option(
    "--repeat",
    type=click.IntRange(1, 1000),
    default=3,
    show_default=True,
    help="How often each suite's tests run.",
)
@click.option(
    "--suite",
    "names",
    multiple=True,
    metavar="NAME",
    help="Measure this suite; repeatable. Default: every suite. Less than every suite is written "
    "to coverage/partial/.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, _MOST_SEED),
    help="The order of the first repetition; each further one adds 1. Default: a random one.",
)
@python_option
@click.option("--dry-run", is_flag=True, help="Print the commands and run nothing.")
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
    """Measure coverage, runtime, slowest and flaky tests, and write docs/metrics/baseline.*.

    Coverage comes from the last full runs. Each suite's tests then run --repeat times without
    coverage, each time in another random order; a test is flaky when its outcomes differ. A test
    that fails every time makes the exit code 1; a flaky one is only reported.

    \b
    Examples:
      covernance metrics-baseline --repeat 10
      covernance metrics-baseline --suite api --seed 1234 --repeat 1
    """  # noqa: D301 - click reads the escape
    folder = Path.cwd()
    table = here()
    given = parse_interpreters(table, interpreters, folder)
    suites = tuple(table.suite(name) for name in dict.fromkeys(names)) or table.suites
    first = secrets.randbelow(_MOST_SEED) if seed is None else seed
    request = workflow.Request(
        suites=suites,
        seeds=tuple(range(first, first + repeat)),
        interpreters={
            suite.name: find_interpreter(table, suite, os.environ, given) for suite in suites
        },
        environ=os.environ,
        now=datetime.now(UTC),
    )
    if dry_run:
        for repetition in workflow.plan(request, Layout(table.root).work / "run"):
            click.echo(shlex.join(repetition.process.command))
        return Exit.PASS
    metrics = workflow.measure(table, request, lambda line: click.echo(line, err=True))
    paths = workflow.publish(table, metrics)
    if form == "json":
        click.echo(metrics.encode(), nl=False)
    else:
        click.echo(text(metrics))
    for path in paths:
        click.echo(f"wrote {path.relative_to(table.root)}", err=True)
    broken = any(suite.broken for suite in metrics.suites.values())
    return Exit.TESTS_FAILED if broken else Exit.PASS
