"""`covernance dashboard`: generate the landing page, badges and metrics."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import click

from covernance.agent.suites import find_suite_agents
from covernance.errors import Exit
from covernance.shell.options import base_option, python_option
from covernance.shell.repository import enter_repository


@click.command("dashboard")
@click.option(
    "--branch", metavar="NAME", help="The branch that trends show. Default: the default branch."
)
@base_option
@click.option(
    "--theme-reports",
    "by_theme",
    is_flag=True,
    help="Also write and link one coverage.py HTML report per theme. This takes as long as writing "
    "the reports of all suites once per theme.",
)
@click.option("--dry-run", is_flag=True, help="Print the paths without writing the files.")
@python_option
def command(
    branch: str | None,
    base: str | None,
    interpreters: tuple[str, ...],
    *,
    by_theme: bool,
    dry_run: bool,
) -> Exit:
    """Generate the landing page, badges and metrics from the last full runs.

    The page, coverage/html/index.html, is a single file that needs no scripts and no network.
    Badges are written to coverage/badges/, OpenMetrics text to coverage/metrics.prom. A suite
    without a result is shown as missing; a damaged result is an error.

    \b
    Examples:
      covernance dashboard
      covernance dashboard --theme-reports
    """  # noqa: D301 - click reads the escape
    from covernance.dashboard import workflow  # noqa: PLC0415 - help does not pay for git and charts
    from covernance.git.default_branch import find_default_branch  # noqa: PLC0415 - likewise
    from covernance.history.open import open_table_store  # noqa: PLC0415 - likewise
    from covernance.reports import overview  # noqa: PLC0415 - likewise

    context = enter_repository()
    agents = find_suite_agents(context, interpreters)
    warn = functools.partial(click.echo, err=True)
    written: list[Path] = []
    if by_theme and not dry_run:
        from covernance.dashboard.theme_html import theme_reports  # noqa: PLC0415 - likewise

        written += theme_reports(context, agents)
    state = overview.full_state(context, base, agents, warn)
    past = workflow.history(
        open_table_store(context), branch or find_default_branch(context), state
    )
    content = workflow.render_files(context, state, past)
    if not dry_run:
        workflow.publish(context.layout, content)
    for path in [*written, *content]:
        click.echo(f"{'would write' if dry_run else 'wrote'} {os.path.relpath(path, context.root)}")
    return Exit.PASS
