"""`covernance run`: run suites under coverage, write reports, check floors."""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from typing import Literal

import click

from covernance.agent.suites import find_suite_agents
from covernance.combine.command import combiner
from covernance.config import Suite
from covernance.context import Context
from covernance.engine import progress
from covernance.engine.arguments import split_reports
from covernance.engine.schedule import read_theme_seconds
from covernance.engine.shard import Shard, parse
from covernance.errors import ConfigError, Exit
from covernance.matrix.jobs import durations
from covernance.report_formats import FORMATS
from covernance.run.failures import describe_failures
from covernance.run.output import explain_unjudged, print_results, worst_exit
from covernance.run.preparing import interpret
from covernance.run.request import Request
from covernance.run.workflow import plan_commands, run_suites
from covernance.shell.options import python_option, soft_option
from covernance.shell.repository import enter_repository
from covernance.shell.soft import check_soft, list_unknown, softened
from covernance.shell.terminal import colored, has_terminal


@click.command("run", epilog=f"Formats of --cov-report: {', '.join(FORMATS)}.")
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
    help="Run only this theme; repeatable, or a,b. This is a partial run: floors are not checked.",
)
@python_option
@click.option(
    "--fail-under",
    metavar="PERCENT",
    help="Use this floor for every suite. Default: $COVERAGE_FAIL_UNDER_<SUITE>, else "
    "$COVERAGE_FAIL_UNDER, else the table.",
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    help="Run up to this many passes in parallel. Default: CPU cores (all passes at once if there "
    "are fewer than two per core).",
)
@click.option(
    "--shard",
    metavar="I/N",
    envvar="COVERAGE_SHARD",
    show_envvar=True,
    help="Run part I of N of each suite's tests, split by the durations in coverage/plan.json. "
    "Floors are checked after `covernance collect` has merged the parts.",
)
@click.option(
    "--contexts",
    type=click.Choice(["theme", "test"]),
    default="theme",
    show_default=True,
    envvar="COVERAGE_CONTEXTS",
    show_envvar=True,
    help="With `test`, also record which test covers which line, for `covernance who` and "
    "`covernance affected-tests`.",
)
@click.option("--verbose", "-v", is_flag=True, help="Show pytest's output for every pass.")
@soft_option
@click.option(
    "--partial-ok",
    is_flag=True,
    envvar="COVERAGE_PARTIAL_OK",
    show_envvar=True,
    help="Exit 0 after a partial run in CI. Without this it exits with 2 there, because floors are "
    "not checked.",
)
@click.option(
    "--reuse/--fresh",
    default=None,
    envvar="COVERAGE_REUSE",
    show_envvar=True,
    help="Reuse a suite's last passing run if nothing it depended on has changed, or always run. "
    "Default: reuse, except in CI on a schedule or on the default branch.",
)
@click.option("--dry-run", is_flag=True, help="Print the commands without running them.")
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
    partial_ok: bool,
    reuse: bool | None,
    dry_run: bool,
) -> Exit:
    """Run each suite once per theme under coverage, write reports, check floors.

    Arguments after -- are passed to pytest. --cov-report=FORMAT[:PATH] works as in pytest-cov; its
    formats are listed below. Selecting tests (-k, -m, a path, a subset of themes) makes the run
    partial: floors are not checked and the last full reports are left unchanged. In CI a partial
    run exits with 2 unless --partial-ok is given. What pytest's own settings leave out (addopts,
    conftest files) is not part of the suite.

    If nothing a suite's last passing run depended on has changed, the stored result is reused,
    checked against today's floors and marked "reused". `covernance cache show` lists the reasons
    why a suite would run.

    \b
    Examples:
      covernance run --suite api
      covernance run --suite api --theme security -- -k tenant -x
      covernance run --suite auth --fail-under 95 -- --cov-report=xml:coverage/auth.xml
    """  # noqa: D301 - click reads the escape
    context = enter_repository()
    check_soft(context, soft=soft)
    table = context.table
    chosen = _select_suites(context, suites)
    find = find_suite_agents(context, interpreters)
    agents = {suite.name: find(suite) for suite in chosen}
    arguments = split_reports(pytest_arguments)
    part = parse(shard, "--shard or COVERAGE_SHARD") if shard else Shard()
    request = Request(
        suites=chosen,
        themes=_split(themes) or None,
        fail_under=fail_under,
        arguments=interpret(arguments, chosen, agents, context.environ),
        jobs=jobs,
        color=colored(),
        shard=part,
        durations={} if part.whole else durations(context.layout),
        contexts=contexts,
        reuse=reuse,
    )
    if dry_run:
        for command in plan_commands(context, request, agents):
            click.echo(shlex.join(command))
        return Exit.PASS
    show_output = verbose or bool(request.arguments.rest)
    live = has_terminal() and not request.arguments.meaning.interactive
    observing = (
        progress.Live(
            verbose=show_output, expected=read_theme_seconds(request.suites, context.layout)
        )
        if live
        else nullcontext(progress.Lines(click.echo, verbose=show_output))
    )
    with observing as observer:
        results, failures = run_suites(context, request, agents, observer)
    print_results(results, table, combiner(context, lambda suite: agents[suite.name]), click.echo)
    codes = [result.exit for result in results]
    for message in describe_failures(failures):
        click.echo(f"covernance: {message}", err=True)
        codes.append(Exit.ERROR)
    missing = list_unknown((result.snapshot.suite, result.snapshot.verdict) for result in results)
    if (message := explain_unjudged(results)) and context.in_ci and not partial_ok:
        click.echo(message, err=True)
        codes.append(Exit.GATE)
        missing.append("a partial run is not a verdict")
    return softened(worst_exit(codes), soft=soft, missing=missing)


def _select_suites(context: Context, options: tuple[str, ...]) -> tuple[Suite, ...]:
    table, names = context.table, _split(options)
    if options and not names:
        msg = "--suite: names no suite; name one, or leave the option out"
        raise ConfigError(msg)
    if not names and (given := context.environ.get("COVERAGE_CONTEXT")):
        try:
            if chosen := tuple(table.suite(name) for name in _split((given,))):
                return chosen
            msg = "names no suite; name one, or unset the variable"
            raise ConfigError(msg)  # noqa: TRY301 - both errors name the variable
        except ConfigError as error:
            msg = f"COVERAGE_CONTEXT={given!r}: {error}"
            raise ConfigError(msg) from None
    return tuple(table.suite(name) for name in names) if names else table.suites


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    names = (name.strip() for value in values for name in value.split(","))
    return tuple(dict.fromkeys(name for name in names if name))
