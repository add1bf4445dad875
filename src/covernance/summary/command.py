"""`covernance summary`: tell the state of all suites."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import click

from covernance.agent.suites import find_suite_agents
from covernance.errors import Exit, InputError
from covernance.reports.markdown import COMMENT_LIMIT
from covernance.shell.options import base_option
from covernance.shell.repository import here


@click.command("summary")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "text", "json"]),
    default="markdown",
    show_default=True,
    help="Markdown for GitHub, text for a terminal, JSON for a script.",
)
@base_option
@click.option(
    "--limit",
    type=click.IntRange(min=1_000),
    default=COMMENT_LIMIT,
    show_default=True,
    help="The most bytes of Markdown; what is cut is counted. A step summary takes 1048576.",
)
@click.option(
    "--link",
    "links",
    multiple=True,
    metavar="LABEL=URL",
    help="Link to a report; repeatable.",
)
@click.option(
    "--attach",
    "attachments",
    multiple=True,
    metavar="LABEL=FILE",
    help="Add what another command printed to the Markdown; a file that is not there is told, "
    "an empty one is left out; repeatable.",
)
@click.option(
    "--step",
    "steps",
    multiple=True,
    metavar="NAME=OUTCOME",
    help="Tell on top of the Markdown how a step of the run ended: success, failure, skipped or "
    "cancelled; repeatable.",
)
def command(
    form: str,
    base: str | None,
    limit: int,
    links: tuple[str, ...],
    attachments: tuple[str, ...],
    steps: tuple[str, ...],
) -> Exit:
    """Tell the state of all suites, from the snapshots of their last full runs.

    A suite without a snapshot is shown as missing; a damaged snapshot is an error. The summary
    tells verdicts and makes none: it exits 0 whatever they are.

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

    addresses = dict(_labelled("--link", text, "https://…") for text in links)
    attached = {
        label: _text(Path(name))
        for label, name in (_labelled("--attach", text, "FILE") for text in attachments)
    }
    ended = dict(_labelled("--step", text, "success") for text in steps)
    table = here()
    agents = find_suite_agents(table, os.environ)
    warn = functools.partial(click.echo, err=True)
    found = overview.full_state(table, base, os.environ, agents, warn)
    told = workflow.render(
        found, form, links=addresses, attached=attached, steps=ended, limit=limit
    )
    click.echo(told, nl=False)
    return Exit.PASS


def _labelled(option: str, text: str, value: str) -> tuple[str, str]:
    label, equals, given = text.partition("=")
    if not (label and equals and given):
        msg = f"{option} {text!r}: give a label and what it names, as LABEL={value}"
        raise InputError(msg)
    return label, given


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "did not run"
