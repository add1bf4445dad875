"""`covernance notify`."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
import msgspec

from covernance.errors import Exit
from covernance.layout import Layout
from covernance.notify import alert_state, workflow
from covernance.notify.policy import Alert, decide
from covernance.notify.render import paragraph
from covernance.notify.sender import attempt
from covernance.notify.target import VARIABLE, parse
from covernance.shell.options import format_option
from covernance.shell.printing import print_json
from covernance.shell.repository import here

_STATE = "alerts.state.json"


class _Result(msgspec.Struct, frozen=True, kw_only=True):
    """The command's result as `--format json` prints it."""

    dry_run: bool
    unknown: tuple[str, ...]
    untold: tuple[Alert, ...]
    deliveries: tuple[workflow.Delivery, ...]


@click.command("notify")
@click.option(
    "--facts",
    "facts_files",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path, resolve_path=True),
    help="A JSON list of facts from the guard or the register; repeatable.",
)
@click.option(
    "--state",
    metavar="FILE",
    type=click.Path(path_type=Path, resolve_path=True),
    help="What was told already. Default: coverage/alerts.state.json.",
)
@click.option(
    "--tries",
    type=click.IntRange(1, 10),
    default=4,
    show_default=True,
    help="The most tries for each URL, with growing waits between them.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(0.1, 300),
    default=30.0,
    show_default=True,
    help="The longest that one try may take.",
)
@click.option("--strict", is_flag=True, help="Exit 3 when an alert reached nobody it was for.")
@click.option("--dry-run", is_flag=True, help="Print what would be sent; send and write nothing.")
@format_option
def command(
    facts_files: tuple[Path, ...],
    state: Path | None,
    tries: int,
    timeout: float,
    form: str,
    *,
    strict: bool,
    dry_run: bool,
) -> Exit:
    """Alert people when a suite goes bad or recovers: once for each change of state.

    The last snapshots tell of failed gates, files of --facts of drops and expiring exceptions.
    $COVERAGE_ALERT_URLS lists who is alerted, as Apprise URLs separated by white space or commas;
    it is a secret, and only schema and host of a URL are ever shown. What can't be delivered is
    reported, sent again by the next run, and changes no verdict: the exit code stays 0, or is 3
    with --strict.

    \b
    Examples:
      COVERAGE_ALERT_URLS='slack://…' covernance notify
      covernance notify --facts coverage/guard.facts.json --dry-run
    """  # noqa: D301 - click reads the escape
    table = here()
    path = state or Layout(table.root).folder / _STATE
    targets = parse(os.environ.get(VARIABLE, ""))
    known = workflow.gather(table, facts_files)
    if dry_run:
        deliveries = [
            workflow.Delivery(target=target.name, alerts=decision.alerts, delivered=False)
            for target, decision in workflow.pending(alert_state.read(path), targets, known.facts)
        ]
    else:
        sender = workflow.Sender(
            attempt=partial(attempt, seconds=timeout),
            tries=tries,
            sleep=time.sleep,
            project=workflow.project_of(table, os.environ),
            link=workflow.link_of(os.environ),
        )
        deliveries = workflow.notify(path, targets, known.facts, sender)
    result = _Result(
        dry_run=dry_run,
        unknown=known.unknown,
        untold=() if targets else decide((), known.facts).alerts,
        deliveries=tuple(deliveries),
    )
    if form == "json":
        print_json(result)
    else:
        click.echo("\n".join(_lines(result)))
    undelivered = result.untold or any(delivery.failed for delivery in deliveries)
    return Exit.ERROR if strict and undelivered and not dry_run else Exit.PASS


def _lines(result: _Result) -> list[str]:
    lines = [
        f"{suite}: has no snapshot; what was told of its gate stands" for suite in result.unknown
    ]
    if result.untold:
        lines += [*_paragraphs(result.untold), f"NOBODY WAS TOLD: {VARIABLE} is not set"]
    elif not result.deliveries:
        lines.append(f"nothing to tell, and {VARIABLE} is not set")
    written = _preview if result.dry_run else _outcome
    for delivery in result.deliveries:
        lines += written(delivery) if delivery.alerts else [f"{delivery.target}: nothing new"]
    return lines


def _preview(delivery: workflow.Delivery) -> list[str]:
    return [
        *_paragraphs(delivery.alerts),
        f"{delivery.target}: would be sent {_count(delivery.alerts)}",
    ]


def _outcome(delivery: workflow.Delivery) -> list[str]:
    count = _count(delivery.alerts)
    if delivery.delivered:
        return [f"{delivery.target}: was sent {count}"]
    tries = f"{delivery.tries} {'tries' if delivery.tries > 1 else 'try'}"
    outcome = (
        f"{delivery.target}: NOT DELIVERED after {tries}: {delivery.reason}; "
        f"the next run sends {count} again. No verdict is changed by this."
    )
    return [*_paragraphs(delivery.alerts), outcome]


def _count(alerts: Sequence[Alert]) -> str:
    return f"{len(alerts)} alert{'s' if len(alerts) > 1 else ''}"


def _paragraphs(alerts: Sequence[Alert]) -> list[str]:
    return [paragraph(alert) for alert in alerts]
