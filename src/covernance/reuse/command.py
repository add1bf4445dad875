"""`covernance cache`: why a suite would or would not run, and how to forget its last run."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime

import click
import msgspec

from covernance.agent.interpreter import find_interpreter
from covernance.config import Suite, Table
from covernance.errors import Exit
from covernance.layout import Layout
from covernance.model.text import escape_unprintable
from covernance.reuse.policy import forbidden
from covernance.reuse.workflow import Found, Reuse
from covernance.shell.options import format_option
from covernance.shell.repository import here

_MOST_REASONS = 20

_suites = click.option(
    "--suite", "names", multiple=True, metavar="NAME", help="Only this suite; repeatable."
)


@click.group("cache")
def command() -> None:
    """Look at the last green runs, which stand for new ones while nothing changes.

    A run keeps what it depended on in coverage/data/<suite>/evidence.json.
    """


@command.command()
@_suites
@click.option("--all", "everything", is_flag=True, help="Every reason, however many there are.")
@format_option
def show(names: tuple[str, ...], form: str, *, everything: bool) -> Exit:
    """Tell of each suite whether it would run, and why, file by file.

    \b
    Examples:
      covernance cache show
      covernance cache show --suite api --format json
    """  # noqa: D301 - click reads the escape
    table = here()
    reuse = Reuse(table, os.environ, (), datetime.now(UTC))
    found = {
        suite.name: reuse.find(suite, find_interpreter(table, suite, os.environ))
        for suite in _chosen(table, names)
    }
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(_document(found)), indent=1).decode())
        return Exit.PASS
    if why := forbidden(os.environ, table.default_branch):
        click.echo(f"nothing is reused here: {why}")
    for name, one in found.items():
        most = len(one.reasons) if everything else _MOST_REASONS
        click.echo("\n".join(_lines(name, one, most)))
    return Exit.PASS


@command.command()
@_suites
@click.option("--dry-run", is_flag=True, help="Say what would be forgotten; forget nothing.")
def clear(names: tuple[str, ...], *, dry_run: bool) -> Exit:
    """Forget what the last green runs depended on, so that every suite runs. Reports stay.

    \b
    Examples:
      covernance cache clear
      covernance cache clear --suite api --dry-run
    """  # noqa: D301 - click reads the escape
    table = here()
    layout = Layout(table.root)
    for suite in _chosen(table, names):
        path = layout.evidence(suite.name)
        if not path.exists():
            continue
        if not dry_run:
            path.unlink()
        verb = "would remove" if dry_run else "removed"
        click.echo(f"{suite.name}: {verb} {path.relative_to(table.root)}")
    return Exit.PASS


def _chosen(table: Table, names: Iterable[str]) -> tuple[Suite, ...]:
    return tuple(table.suite(name) for name in names) or table.suites


def _lines(name: str, found: Found, most: int) -> Iterable[str]:
    if found.evidence and not found.reasons:
        kept = found.evidence
        at = f" at {kept.commit}" if kept.commit else ""
        yield f"{name}: would be reused: measured{at} on {kept.recorded_at}"
    else:
        yield f"{name}: would run:"
    yield from (f"  {escape_unprintable(reason)}" for reason in found.reasons[:most])
    if more := len(found.reasons[most:]):
        yield f"  … and {more} more; --all shows them"
    if found.evidence and found.evidence.programs:
        programs = ", ".join(escape_unprintable(program) for program in found.evidence.programs)
        yield f"  any change of the repository makes it run: it starts {programs}"


def _document(found: dict[str, Found]) -> dict[str, object]:
    return {
        name: {
            "reusable": not one.reasons,
            "reasons": one.reasons,
            "commit": one.evidence and one.evidence.commit,
            "recorded_at": one.evidence and one.evidence.recorded_at,
            "programs": one.evidence.programs if one.evidence else (),
        }
        for name, one in found.items()
    }
