"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from pathlib import Path

import click

from covernance.errors import Exit

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for a reader, JSON for a script.",
)

base_option = click.option(
    "--base",
    metavar="REF",
    help="Compare with where HEAD left this branch or commit. Default: origin/$GITHUB_BASE_REF, "
    "else the table's default-branch, origin's before the local one.",
)

facts_option = click.option(
    "--facts",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what `covernance notify --facts` reads.",
)

soft_option = click.option(
    "--soft",
    is_flag=True,
    envvar="COVERAGE_SOFT",
    show_envvar=True,
    help="Report a gate that says no without failing. Failed tests and errors still fail.",
)


python_option = click.option(
    "--python",
    "interpreters",
    multiple=True,
    metavar="[SUITE=]PATH",
    help="The Python, or the environment's folder, in which tests run; repeatable. Default: the "
    "suite's key `python`, then the active environment, then .venv.",
)


def softened(code: Exit, *, soft: bool) -> Exit:
    """Let a gate's no pass where a soft start was asked for, and say loudly that it did."""
    if not soft or code is not Exit.GATE:
        return code
    click.echo(
        "SOFT: the gate says no, and this run passes only because of --soft or COVERAGE_SOFT",
        err=True,
    )
    return Exit.PASS
