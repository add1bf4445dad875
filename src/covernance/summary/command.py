"""`covernance summary`: summarise the state of all suites."""

from __future__ import annotations

import functools
from pathlib import Path

import click

from covernance.agent.suites import find_suite_agents
from covernance.errors import Exit, InputError
from covernance.reports.markdown import COMMENT_LIMIT
from covernance.shell.options import base_option, python_option
from covernance.shell.repository import enter_repository


@click.command("summary")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "text", "json"]),
    default="markdown",
    show_default=True,
    help="Markdown for GitHub, text for a terminal, JSON for scripts.",
)
@base_option
@click.option(
    "--limit",
    type=click.IntRange(min=1_000),
    default=COMMENT_LIMIT,
    show_default=True,
    help="Limit the Markdown to this many bytes; rows that are cut are counted. GitHub's step "
    "summaries accept 1048576.",
)
@click.option(
    "--link",
    "links",
    multiple=True,
    metavar="LABEL=URL",
    help="Add a link to a report; repeatable.",
)
@click.option(
    "--attach",
    "attachments",
    multiple=True,
    metavar="LABEL=FILE",
    help='Add the output of another command to the Markdown. A missing file is shown as "did not '
    'run", an empty file is omitted; repeatable.',
)
@click.option(
    "--step",
    "steps",
    multiple=True,
    metavar="NAME=OUTCOME",
    help="Show the outcome of a CI step at the top of the Markdown: success, failure, skipped or "
    "cancelled; repeatable.",
)
@python_option
def command(
    form: str,
    base: str | None,
    limit: int,
    links: tuple[str, ...],
    attachments: tuple[str, ...],
    steps: tuple[str, ...],
    interpreters: tuple[str, ...],
) -> Exit:
    """Summarise the state of all suites from their last full runs.

    A suite without a snapshot is shown as missing; a damaged snapshot is an error. The summary
    checks no floors: it exits 0 whatever the verdicts are.

    \b
    Examples:
      covernance summary >> "$GITHUB_STEP_SUMMARY"
      covernance summary --format text
      covernance guard > guard.txt; covernance summary --attach Guard=guard.txt
      covernance summary --step Guard=failure --step Integrity=success
      covernance summary --link "HTML report=https://ci.example.org/42/html"
    """  # noqa: D301 - click reads the escape
    from covernance.reports import overview  # noqa: PLC0415 - help does not pay for it
    from covernance.summary import workflow  # noqa: PLC0415 - likewise

    urls = dict(_parse_label("--link", text, "https://…") for text in links)
    attached = {
        label: _read_text(Path(name))
        for label, name in (_parse_label("--attach", text, "FILE") for text in attachments)
    }
    outcomes = dict(_parse_label("--step", text, "success") for text in steps)
    context = enter_repository()
    agents = find_suite_agents(context, interpreters)
    warn = functools.partial(click.echo, err=True)
    state = overview.full_state(context, base, agents, warn)
    summary = workflow.render(
        state, form, links=urls, attached=attached, steps=outcomes, limit=limit
    )
    click.echo(summary, nl=False)
    return Exit.PASS


def _parse_label(option: str, text: str, placeholder: str) -> tuple[str, str]:
    label, equals, value = text.partition("=")
    if not (label and equals and value):
        msg = f"{option} {text!r}: a label or its value is missing; write LABEL={placeholder}"
        raise InputError(msg)
    return label, value


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "did not run"
