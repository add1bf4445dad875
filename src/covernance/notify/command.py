"""`covernance notify`: send an alert when a suite starts failing or recovers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
import msgspec

from covernance.errors import Exit
from covernance.notify import alert_state, workflow
from covernance.notify.policy import Alert, decide_alerts
from covernance.notify.render import paragraph
from covernance.notify.sender import attempt
from covernance.notify.target import VARIABLE, parse
from covernance.shell.options import format_option
from covernance.shell.printing import print_json
from covernance.shell.repository import enter_repository

_STATE = "alerts.state.json"


class _Result(msgspec.Struct, frozen=True, kw_only=True):
    """The result that `--format json` prints."""

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
    help="A facts file written by `guard` or `exceptions check`; repeatable.",
)
@click.option(
    "--state",
    metavar="FILE",
    type=click.Path(path_type=Path, resolve_path=True),
    help="The file that records sent alerts. Default: coverage/alerts.state.json.",
)
@click.option(
    "--tries",
    type=click.IntRange(1, 10),
    default=4,
    show_default=True,
    help="Try each URL up to this many times, waiting longer after each failure.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(0.1, 300),
    default=30.0,
    show_default=True,
    help="Stop each try after this time.",
)
@click.option("--strict", is_flag=True, help="Exit 3 if an alert could not be delivered.")
@click.option("--dry-run", is_flag=True, help="Print the alerts without sending them.")
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
    """Send an alert when a suite starts failing or recovers.

    Each change of state is sent once. Failed gates are read from the last snapshots, drops and
    expiring exceptions from --facts files. $COVERAGE_ALERT_URLS lists the recipients as Apprise
    URLs, separated by white space or commas. It is a secret: only the schema and host of a URL are
    shown. Failed deliveries are reported and retried by the next run; the exit code stays 0, or is
    3 with --strict.

    \b
    Examples:
      COVERAGE_ALERT_URLS='slack://…' covernance notify
      covernance notify --facts coverage/guard.facts.json --dry-run
    """  # noqa: D301 - click reads the escape
    context = enter_repository()
    path = state or context.layout.folder / _STATE
    targets = parse(context.environ.get(VARIABLE, ""))
    known = workflow.gather(context, facts_files)
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
            project=workflow.project_of(context),
            link=workflow.link_of(context.environ),
        )
        deliveries = workflow.notify(path, targets, known.facts, sender)
    result = _Result(
        dry_run=dry_run,
        unknown=known.unknown,
        untold=() if targets else decide_alerts((), known.facts).alerts,
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
        f"{suite}: no snapshot; the last reported state of its gate is unchanged"
        for suite in result.unknown
    ]
    if result.untold:
        lines += [*_paragraphs(result.untold), f"alerts not sent: {VARIABLE} is not set"]
    elif not result.deliveries:
        lines.append(f"no alerts to send; {VARIABLE} is not set")
    describe = _preview if result.dry_run else _outcome
    for delivery in result.deliveries:
        lines += describe(delivery) if delivery.alerts else [f"{delivery.target}: no new alerts"]
    return lines


def _preview(delivery: workflow.Delivery) -> list[str]:
    return [
        *_paragraphs(delivery.alerts),
        f"{delivery.target}: would send {_count(delivery.alerts)}",
    ]


def _outcome(delivery: workflow.Delivery) -> list[str]:
    count = _count(delivery.alerts)
    if delivery.delivered:
        return [f"{delivery.target}: sent {count}"]
    tries = f"{delivery.tries} {'tries' if delivery.tries > 1 else 'try'}"
    outcome = (
        f"{delivery.target}: NOT DELIVERED after {tries}: {delivery.reason}. "
        f"The next run will send {count} again. Verdicts are not affected."
    )
    return [*_paragraphs(delivery.alerts), outcome]


def _count(alerts: Sequence[Alert]) -> str:
    return f"{len(alerts)} alert{'s' if len(alerts) > 1 else ''}"


def _paragraphs(alerts: Sequence[Alert]) -> list[str]:
    return [paragraph(alert) for alert in alerts]
