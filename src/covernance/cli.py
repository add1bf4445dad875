"""The shell's face: options in, exit codes out. The only place that maps errors to exit codes."""

from __future__ import annotations

import importlib
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn

import click

from covernance.commands.options import soft_option, softened
from covernance.commands.repository import here
from covernance.commands.terminal import colored, has_terminal
from covernance.config import Suite, Table
from covernance.errors import ConfigError, CovernanceError, Exit
from covernance.layout import Layout

_COMMANDS = (
    "codecov",
    "collect",
    "dashboard",
    "digest",
    "exceptions",
    "guard",
    "history",
    "integrity",
    "metrics-baseline",
    "notify",
    "patch",
    "plan",
    "summary",
)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with 0, 1, 2, 3 or, when interrupted, 130."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = cli.main(args=arguments, prog_name="covernance", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = Exit.ERROR
    except CovernanceError as error:
        click.echo(f"covernance: {error}", err=True)
        code = Exit.ERROR
    except OSError as error:
        click.echo(f"covernance: the machine refused: {error}", err=True)
        code = Exit.ERROR
    except (KeyboardInterrupt, click.Abort):
        click.echo("covernance: interrupted; the last good reports are untouched", err=True)
        code = Exit.INTERRUPTED
    sys.exit(int(code or Exit.PASS))


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


class _Lazy(click.Group):
    """A group that imports a command when it is called or listed by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Those defined here and those in `commands/`."""
        return sorted({*super().list_commands(ctx), *_COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module, which has a command of the module's name."""
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        name = cmd_name.replace("-", "_")
        module = importlib.import_module(f"covernance.commands.{name}")
        command: click.Command = getattr(module, name)
        return command


@click.group(
    cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="covernance")
def cli() -> None:
    """Is every component tested well enough, for every reason we test it?

    Suites, themes and floors come from [tool.covernance] in pyproject.toml.

    \b
    Exit codes: 0 pass · 1 tests failed · 2 the gate says no · 3 bad configuration, input or
    environment · 130 interrupted.
    """  # noqa: D301 - click reads the escape


@cli.command()
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
    help="How many passes run side by side. Default: the number of cores.",
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
@click.option("--dry-run", is_flag=True, help="Print the commands and run nothing.")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def run(  # noqa: PLR0913 - click hands over every option
    suites: tuple[str, ...],
    themes: tuple[str, ...],
    fail_under: str | None,
    jobs: int | None,
    shard: str | None,
    contexts: Literal["theme", "test"],
    pytest_arguments: tuple[str, ...],
    *,
    verbose: bool,
    soft: bool,
    dry_run: bool,
) -> Exit:
    """Measure suites, one pass a theme; report, and judge each against its floor.

    What follows -- goes to pytest; --cov-report=html|xml|json|lcov[:PATH] and
    --cov-report=term|term-missing work as in pytest-cov. A selection (-k, -m, a path, a subset of
    themes) is a partial run: it gates nothing and leaves the last full reports alone.

    \b
    Examples:
      covernance run --suite api
      covernance run --suite api --theme security -- -k tenant -x
      covernance run --suite auth --fail-under 95 -- --cov-report=xml:coverage/auth.xml
    """  # noqa: D301 - click reads the escape
    from covernance.commands.results import tell, worst
    from covernance.measure import arguments
    from covernance.measure.machine import cpus
    from covernance.measure.shard import Shard, parse
    from covernance.report import progress
    from covernance.workflows import matrix
    from covernance.workflows import run as workflow
    from covernance.workflows.expected import expected

    table = here()
    part = parse(shard, "--shard or COVERAGE_SHARD") if shard else Shard()
    request = workflow.Request(
        suites=_suites(table, suites),
        themes=_split(themes) or None,
        fail_under=fail_under,
        arguments=arguments.parse(pytest_arguments, table.root),
        jobs=jobs or cpus(),
        color=colored(),
        environ=os.environ,
        now=datetime.now(UTC),
        shard=part,
        durations={} if part.whole else matrix.durations(table),
        contexts=contexts,
    )
    if dry_run:
        for planned in workflow.plan(table, request, Layout(table.root).work / "run", Path("/tmp")):  # noqa: S108 - only shown
            click.echo(shlex.join(planned.command))
        return Exit.PASS
    speaks = verbose or request.arguments.speaks
    live = has_terminal() and not request.arguments.interactive
    watch = (
        progress.Live(verbose=speaks, expected=expected(request.suites, Layout(table.root)))
        if live
        else nullcontext(progress.Lines(click.echo, verbose=speaks))
    )
    with watch as observer:
        results = workflow.run(table, request, observer)
    tell(results, table)
    return softened(worst(result.exit for result in results), soft=soft)


@cli.command()
def combine() -> Exit:
    """Combine the last full run of every suite: coverage/baseline.json, coverage/html/index.html.

    Every suite of the table must have been run; a missing one is an error, since less than all
    suites would read as all.
    """
    from covernance.workflows.baseline import baseline

    table = here()
    for path in baseline(table, os.environ, click.echo):
        click.echo(f"wrote {path.relative_to(table.root)}")
    return Exit.PASS


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
