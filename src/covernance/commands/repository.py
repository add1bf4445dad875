"""Which repository a command works on, and what `--soft` makes of its exit code."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from covernance.config import Table, find_root, load
from covernance.errors import Exit


def here() -> Table:
    """Load the nearest table and work from its folder, as coverage.py and pytest expect."""
    root = find_root(Path.cwd())
    os.chdir(root)
    return load(root)


def soft_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option `--soft`, which `COVERAGE_SOFT=1` sets as well."""
    return click.option(
        "--soft",
        is_flag=True,
        envvar="COVERAGE_SOFT",
        help="Report a gate that says no without failing. Failed tests and errors still fail. "
        "[env var: COVERAGE_SOFT]",
    )(command)


def softened(code: Exit, *, soft: bool) -> Exit:
    """Let a gate's no pass where a soft start was asked for, and say loudly that it did."""
    if not soft or code is not Exit.GATE:
        return code
    click.echo(
        "SOFT: the gate says no, and this run passes only because of --soft or COVERAGE_SOFT",
        err=True,
    )
    return Exit.PASS
