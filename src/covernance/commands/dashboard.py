"""`covernance dashboard`: the landing page, badges and metrics."""

from __future__ import annotations

import os
from pathlib import Path

import click

from covernance.config import find_root, load
from covernance.errors import Exit
from covernance.layout import Layout


@click.command()
@click.option("--branch", default="main", show_default=True, help="The branch of the trends.")
@click.option(
    "--theme-reports",
    is_flag=True,
    help="First write coverage.py's HTML report of each theme, and link to it. Takes as long as "
    "the reports of all suites, once a theme.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be written and write nothing.")
def dashboard(branch: str, *, theme_reports: bool, dry_run: bool) -> Exit:
    """Write the landing page, badges and metrics of the last full runs.

    The page is one file without a script and needs no network: coverage/html/index.html. Badges
    go to coverage/badges/, OpenMetrics text to coverage/metrics.prom. A suite without a result is
    shown as missing; a damaged one is an error.

    \b
    Examples:
      covernance dashboard
      covernance dashboard --theme-reports
    """  # noqa: D301 - click reads the escape
    from covernance.history.directory import Directory  # noqa: PLC0415 - help does not pay for it
    from covernance.workflows import dashboard as workflow  # noqa: PLC0415 - likewise
    from covernance.workflows import summary  # noqa: PLC0415 - likewise

    root = find_root(Path.cwd())
    os.chdir(root)
    table = load(root)
    written: list[Path] = []
    if theme_reports and not dry_run:
        written += workflow.theme_reports(table)
    state = summary.state(table)
    store = Directory(Layout(root).folder / "history")
    content = workflow.render(table, state, workflow.history(store, branch, state))
    if not dry_run:
        workflow.publish(table, content)
    for path in [*written, *content]:
        click.echo(f"{'would write' if dry_run else 'wrote'} {os.path.relpath(path, root)}")
    return Exit.PASS
