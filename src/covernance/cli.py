"""The shell's face: options in, exit codes out. The only place that maps errors to exit codes."""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import click

from covernance.errors import CovernanceError, Exit
from covernance.interruptions import INTERRUPTIONS

_COMMANDS = {
    "affected-tests": "List the tests that cover changed lines, plus new and edited tests.",
    "cache": "Look at the last green runs, which stand for new ones while nothing changes.",
    "codecov": "Write codecov.yml: a flag a suite, with the floors and limits of the table.",
    "collect": "Take in what the jobs of a matrix measured, as if this machine had run every "
    "suite.",
    "combine": "Combine the last full run of every suite: coverage/baseline.json, "
    "coverage/html/index.html.",
    "dashboard": "Write the landing page, badges and metrics of the last full runs.",
    "digest": "Write what happened in the last days to docs/metrics: Markdown, JSON and charts.",
    "exceptions": "Update, check and list the exception register.",
    "guard": "Compare the last full runs with the base, and fail if coverage dropped.",
    "history": "Store, find, restore and export the results of runs.",
    "integrity": "Report what a change weakens: floors, limits, exclusions, pragmas, tests, "
    "themes.",
    "metrics-baseline": "Measure coverage, runtime, slowest and flaky tests, and write "
    "docs/metrics/baseline.*.",
    "notify": "Alert people when a suite goes bad or recovers: once for each change of state.",
    "patch": "Judge how much of a change runs: the lines and branches that it adds or edits.",
    "plan": "Plan one job for each suite of the table, or for each shard where it says "
    "`shards = N`.",
    "run": "Measure suites, one pass a theme; report, and judge each against its floor.",
    "summary": "Tell the state of all suites, from the snapshots of their last full runs.",
    "who": "Tell which tests, of which themes, run a line, some lines or any line of a file.",
}
"""What `--help` lists, so that it imports no command to learn its first line."""

_PACKAGES = {"affected-tests": "affected", "cache": "reuse", "plan": "matrix"}
"""The package of a command that is not named after it."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with 0, 1, 2, 3 or, when interrupted, 130."""
    for number in INTERRUPTIONS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
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
    # Once is enough: another Ctrl-C must not break into the cleaning up.
    for number in INTERRUPTIONS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


class _Lazy(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, sorted."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the module that defines a command."""
        if cmd_name not in _COMMANDS:
            return None
        package = _PACKAGES.get(cmd_name, cmd_name.replace("-", "_"))
        module = importlib.import_module(f"covernance.{package}.command")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List what each command does."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


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
