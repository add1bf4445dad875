"""`covernance cache`: inspect or clear the stored results of passing runs."""

from __future__ import annotations

from collections.abc import Iterable

import click

from covernance.config import Suite, Table
from covernance.errors import Exit
from covernance.git.default_branch import find_default_branch
from covernance.model.text import cut, escape_unprintable, join_some
from covernance.reuse.policy import explain_no_reuse
from covernance.reuse.workflow import Found, Reuse
from covernance.shell.options import format_option
from covernance.shell.printing import print_json
from covernance.shell.repository import enter_repository

_MOST_REASONS = 20

_suites = click.option(
    "--suite",
    "names",
    multiple=True,
    metavar="NAME",
    help="Limit the command to this suite; repeatable.",
)


@click.group("cache")
def command() -> None:
    """Inspect or clear the stored results of passing runs.

    A run records what it depended on in coverage/data/<suite>/evidence.json.
    """


@command.command()
@_suites
@click.option("--all", "everything", is_flag=True, help="Show every reason.")
@format_option
def show(names: tuple[str, ...], form: str, *, everything: bool) -> Exit:
    """Show whether each suite would run, and why, file by file.

    \b
    Examples:
      covernance cache show
      covernance cache show --suite api --format json
    """  # noqa: D301 - click reads the escape
    context = enter_repository()
    table = context.table
    reuse = Reuse(context, ())
    findings = {suite.name: reuse.find(suite) for suite in _select_suites(table, names)}
    if form == "json":
        print_json(_document(findings))
        return Exit.PASS
    if why := explain_no_reuse(context.environ, find_default_branch(context)):
        click.echo(f"no results are reused here: {why}")
    for name, finding in findings.items():
        most = len(finding.reasons) if everything else _MOST_REASONS
        click.echo("\n".join(_lines(name, finding, most)))
    return Exit.PASS


@command.command()
@_suites
@click.option("--dry-run", is_flag=True, help="Print what would be removed without removing it.")
def clear(names: tuple[str, ...], *, dry_run: bool) -> Exit:
    """Remove the records of passing runs, so that every suite runs again. Reports stay.

    \b
    Examples:
      covernance cache clear
      covernance cache clear --suite api --dry-run
    """  # noqa: D301 - click reads the escape
    context = enter_repository()
    for suite in _select_suites(context.table, names):
        path = context.layout.evidence(suite.name)
        if not path.exists():
            continue
        if not dry_run:
            path.unlink()
        verb = "would remove" if dry_run else "removed"
        click.echo(f"{suite.name}: {verb} {path.relative_to(context.root)}")
    return Exit.PASS


def _select_suites(table: Table, names: Iterable[str]) -> tuple[Suite, ...]:
    return tuple(table.suite(name) for name in names) or table.suites


def _lines(name: str, finding: Found, most: int) -> Iterable[str]:
    if finding.evidence and not finding.reasons:
        evidence = finding.evidence
        at = f" at {evidence.commit}" if evidence.commit else ""
        yield f"{name}: would be reused: measured{at} on {evidence.recorded_at}"
    else:
        yield f"{name}: would run:"
    reasons = cut(finding.reasons, most, command="covernance cache show --all")
    yield from (f"  {escape_unprintable(reason)}" for reason in reasons)
    if finding.evidence and finding.evidence.programs:
        programs = join_some(map(escape_unprintable, finding.evidence.programs))
        yield f"  it starts {programs}, so any change in the repository makes it run"


def _document(findings: dict[str, Found]) -> dict[str, object]:
    return {
        name: {
            "reusable": not finding.reasons,
            "reasons": finding.reasons,
            "commit": finding.evidence and finding.evidence.commit,
            "recorded_at": finding.evidence and finding.evidence.recorded_at,
            "programs": finding.evidence.programs if finding.evidence else (),
        }
        for name, finding in findings.items()
    }
