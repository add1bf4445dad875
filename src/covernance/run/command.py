"""`covernance run`: measure suites, report, judge."""

from __future__ import annotations

import os
import shlex
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import click

from covernance.agent.interpreter import parse_interpreters
from covernance.combine.command import combiner
from covernance.config import Suite, Table
from covernance.engine import progress
from covernance.engine.arguments import split_reports
from covernance.engine.schedule import read_pass_seconds
from covernance.engine.shard import Shard, parse
from covernance.errors import ConfigError, Exit
from covernance.layout import Layout
from covernance.matrix.jobs import durations
from covernance.run.output import tell, worst
from covernance.run.preparing import find_agents, interpret
from covernance.run.request import Request
from covernance.run.workflow import plan_commands, run_suites
from covernance.shell.options import python_option, soft_option, softened
from covernance.shell.repository import here
from covernance.shell.terminal import colored, has_terminal


@click.command("run")
@click.option(
    "--suite",
    "suites",
    multiple=True,
    metavar="NAME",
    help="Run this suite; repeatable. Default: $COVERAGE_CONTEXT, else every suite.",
)
@click.option(
    "--theme",
    "--tags",
    "themes",
    multiple=True,
    metavar="NAME",
    help="Run this theme only; repeatable, or a,b. A partial run: it gates nothing.",
)
@python_option
@click.option(
    "--fail-under",
    metavar="PERCENT",
    help="The floor of every suite of this run. Default: $COVERAGE_FAIL_UNDER_<SUITE>, then "
    "$COVERAGE_FAIL_UNDER, then the table.",
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    help="How many passes run side by side. Default: the number of cores, or all where they are "
    "fewer than two rounds.",
)
@click.option(
    "--shard",
    metavar="I/N",
    envvar="COVERAGE_SHARD",
    show_envvar=True,
    help="Run part I of N of each suite's tests, split by the durations of coverage/plan.json. It "
    "gates nothing; `covernance collect` joins the parts.",
)
@click.option(
    "--contexts",
    type=click.Choice(["theme", "test"]),
    default="theme",
    show_default=True,
    envvar="COVERAGE_CONTEXTS",
    show_envvar=True,
    help="With `test`, keep also which test ran which line, for `covernance who` and "
    "`covernance affected-tests`.",
)
@click.option("--verbose", "-v", is_flag=True, help="Show pytest's output of every pass.")
@soft_option
@click.option(
    "--reuse/--fresh",
    default=None,
    envvar="COVERAGE_REUSE",
    show_envvar=True,
    help="Reuse the last green run of a suite if nothing that it depended on changed, or measure. "
    "Default: reuse, but not on a schedule and not on the default branch in CI.",
)
@click.option("--dry-run", is_flag=True, help="Print the commands and run nothing.")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def command(  # noqa: PLR0913 - click hands over every option
    suites: tuple[str, ...],
    themes: tuple[str, ...],
    interpreters: tuple[str, ...],
    fail_under: str | None,
    jobs: int | None,
    shard: str | None,
    contexts: Literal["theme", "test"],
    pytest_arguments: tuple[str, ...],
    *,
    verbose: bool,
    soft: bool,
    reuse: bool | None,
    dry_run: bool,
) -> Exit:
    """Measure suites, one pass a theme; report, and judge each against its floor.

    What follows -- goes to pytest; --cov-report=html|xml|json|lcov[:PATH] and
    --cov-report=term|term-missing work as in pytest-cov. A selection (-k, -m, a path, a subset of
    themes) is a partial run: it gates nothing and leaves the last full reports alone.

    A suite of whose last green run nothing changed is not run again: its result is judged anew and
    says that it is reused. `covernance cache show` tells why a suite would run.

    \b
    Examples:
      covernance run --suite api
      covernance run --suite api --theme security -- -k tenant -x
      covernance run --suite auth --fail-under 95 -- --cov-report=xml:coverage/auth.xml
    """  # noqa: D301 - click reads the escape
    folder = Path.cwd()
    table = here()
    chosen = _suites(table, suites)
    pythons = parse_interpreters(table, interpreters, folder)
    agents = find_agents(table, chosen, os.environ, pythons)
    given = split_reports(pytest_arguments)
    part = parse(shard, "--shard or COVERAGE_SHARD") if shard else Shard()
    request = Request(
        suites=chosen,
        themes=_split(themes) or None,
        fail_under=fail_under,
        arguments=interpret(given, chosen[0], agents[chosen[0].name]),
        jobs=jobs,
        color=colored(),
        environ=os.environ,
        now=datetime.now(UTC),
        shard=part,
        durations={} if part.whole else durations(table),
        contexts=contexts,
        reuse=reuse,
    )
    if dry_run:
        for command in plan_commands(table, request, agents):
            click.echo(shlex.join(command))
        return Exit.PASS
    speaks = verbose or bool(request.arguments.rest)
    live = has_terminal() and not request.arguments.meaning.interactive
    watch = (
        progress.Live(
            verbose=speaks, expected=read_pass_seconds(request.suites, Layout(table.root))
        )
        if live
        else nullcontext(progress.Lines(click.echo, verbose=speaks))
    )
    with watch as observer:
        results = run_suites(table, request, agents, observer)
    tell(results, table, combiner(table, lambda suite: agents[suite.name]))
    return softened(worst(result.exit for result in results), soft=soft)


def _suites(table: Table, names: tuple[str, ...]) -> tuple[Suite, ...]:
    chosen = _split(names)
    if not chosen and (context := os.environ.get("COVERAGE_CONTEXT")):
        try:
            return tuple(table.suite(name) for name in _split((context,)))
        except ConfigError as error:
            msg = f"COVERAGE_CONTEXT={context}: {error}"
            raise ConfigError(msg) from None
    return tuple(table.suite(name) for name in chosen) if chosen else table.suites


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    names = (name.strip() for value in values for name in value.split(","))
    return tuple(dict.fromkeys(name for name in names if name))
