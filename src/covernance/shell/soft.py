"""What `--soft` turns into a pass, and where it may."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from covernance.context import Context
from covernance.errors import ConfigError, CovernanceError, Exit
from covernance.git.base import find_change_base
from covernance.git.governed import govern_context
from covernance.model.verdict import Verdict

_UNKNOWN = frozenset({Verdict.MISSING, Verdict.NO_DATA, Verdict.STALE})
"""The verdicts of a suite without a result."""


def check_soft(context: Context, *, soft: bool) -> None:
    """Reject `--soft` in CI, which takes exit code 0 for a pass, unless the table allows it.

    The table at the base of the change decides, if there is one.

    Raises:
        ConfigError: It is not allowed.
    """
    if not soft or not context.in_ci:
        return
    try:
        base = find_change_base(context, None).commit
        table = govern_context(context, base).context.table
    except CovernanceError:  # no base to compare with
        table = context.table
    if not table.soft_in_ci:
        msg = (
            "--soft or COVERAGE_SOFT: CI takes exit code 0 for a pass, so gates are not softened "
            "there; remove the option or unset the variable, or have `soft-in-ci = true` in "
            "[tool.covernance] at the base of the change"
        )
        raise ConfigError(msg)


def list_unknown(verdicts: Iterable[tuple[str, Verdict]]) -> list[str]:
    """List the suites without a result, each with its verdict."""
    return [f"{suite}: {verdict}" for suite, verdict in verdicts if verdict in _UNKNOWN]


def softened(code: Exit, *, soft: bool, missing: Sequence[str] = ()) -> Exit:
    """Turn a gate failure into a pass if `soft` is set, and print a warning.

    Args:
        code: The exit code of the command.
        soft: Whether `--soft` was given.
        missing: What has no result; it fails all the same.
    """
    if not soft or code is not Exit.GATE:
        return code
    if missing:
        click.echo(
            f"--soft does not replace a missing result: {', '.join(missing)}; the exit code is 2",
            err=True,
        )
        return code
    click.echo(
        "SOFT: a gate failed; the exit code is 0 only because of --soft or COVERAGE_SOFT",
        err=True,
    )
    return Exit.PASS
