"""The command line. The only place that maps errors to exit codes."""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import click

from covernance import __version__
from covernance.errors import CovernanceError, Exit
from covernance.interruptions import INTERRUPTIONS
from covernance.shell.program import explain_call
from covernance.shell.terminal import colored, open_missing_streams

_COMMANDS = {
    "affected-tests": "List the tests that cover changed lines, plus new and edited tests.",
    "cache": "Inspect or clear the stored results of passing runs.",
    "codecov": "Generate codecov.yml with one flag per suite.",
    "collect": "Merge the results of all CI jobs and check every suite.",
    "combine": "Combine the last full runs of all suites into coverage/baseline.json and "
    "coverage/html/.",
    "dashboard": "Generate the landing page, badges and metrics from the last full runs.",
    "digest": "Summarise recent results in docs/metrics as Markdown, JSON and charts.",
    "exceptions": "Update, check and list the exception register.",
    "guard": "Compare the last full runs with the base, and fail if coverage dropped.",
    "history": "Store, find, restore and export the results of runs.",
    "integrity": "Report weakened checks: lower floors, looser limits, new exclusions, missing "
    "tests.",
    "metrics-baseline": "Measure coverage, run times and flaky tests, and write "
    "docs/metrics/baseline.*.",
    "notify": "Send an alert when a suite starts failing or recovers.",
    "patch": "Check the coverage of changed lines and branches.",
    "plan": "Plan the jobs of a CI matrix: one per suite, or one per shard.",
    "run": "Run each suite once per theme under coverage, write reports, check floors.",
    "summary": "Summarise the state of all suites from their last full runs.",
    "who": "Show which tests cover a line, a range of lines or a file.",
}
"""The text that `--help` shows for each command, so that listing them imports none of them."""

_PACKAGES = {"affected-tests": "affected", "cache": "reuse", "plan": "matrix"}
"""The packages of commands whose package has a different name."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with 0, 1, 2, 3 or, when interrupted, 130."""
    open_missing_streams()
    for number in INTERRUPTIONS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        code = cli.main(
            args=arguments,
            prog_name="covernance",
            standalone_mode=False,
            color=colored() or None,  # None lets click decide for each stream
        )
    except click.ClickException as error:
        error.show()
        code = Exit.ERROR
    except SystemExit:  # click's answer to a broken pipe
        click.echo("covernance: the output was closed before all of it was written", err=True)
        code = Exit.ERROR
    except CovernanceError as error:
        click.echo(f"covernance: {error}", err=True)
        if note := explain_call(str(error)):
            click.echo(note, err=True)
        code = Exit.ERROR
    except OSError as error:
        click.echo(f"covernance: system error: {error}", err=True)
        code = Exit.ERROR
    except (KeyboardInterrupt, click.Abort):
        click.echo("covernance: interrupted; the last complete reports are unchanged", err=True)
        code = Exit.INTERRUPTED
    sys.exit(int(code or Exit.PASS))


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    # Ignore further signals: a second Ctrl-C must not interrupt the cleanup.
    for number in INTERRUPTIONS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


class _Lazy(click.Group):
    """A group that imports a command only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """List the command names, sorted."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the module that defines a command."""
        if cmd_name not in _COMMANDS:
            return None
        package = _PACKAGES.get(cmd_name, cmd_name.replace("-", "_"))
        module = importlib.import_module(f"covernance.{package}.command")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; the error about an unknown one names the most similar."""
        name = args[0] if args else ""
        if name and name not in _COMMANDS:
            from covernance.config.suggestions import did_you_mean  # noqa: PLC0415 - only a mistake pays for it

            ctx.fail(f"No such command {name!r}{did_you_mean(name, _COMMANDS)}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write one line per command without importing it."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group(
    cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__)
def cli() -> None:
    """Measure coverage per suite and theme, and enforce floors.

    Suites, themes and floors are configured under [tool.covernance] in pyproject.toml.

    \b
    Exit codes: 0 pass · 1 tests failed · 2 a gate failed · 3 bad configuration, input or
    environment · 130 interrupted.
    """  # noqa: D301 - click reads the escape
