"""`covernance plan`: plan the jobs of a CI matrix."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from covernance.affected import workflow
from covernance.config import Table
from covernance.errors import Exit
from covernance.history.open import open_table_store
from covernance.history.store import StoreListing
from covernance.matrix import jobs
from covernance.matrix.jobs import Plan, Planned
from covernance.model.text import cut
from covernance.shell.options import base_option
from covernance.shell.printing import print_json
from covernance.shell.repository import enter_repository

_MOST_REASONS = 5


@click.command("plan")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="Text for people, JSON for scripts, github for the outputs of a GitHub Actions job.",
)
@click.option(
    "--affected",
    is_flag=True,
    help="Leave out suites whose stored result does not depend on anything that changed. On GitHub "
    "this applies only to pull requests; other events run every suite.",
)
@base_option
def command(form: str, base: str | None, *, affected: bool) -> Exit:
    """Plan the jobs of a CI matrix: one per suite, or one per shard.

    A suite with `shards = N` in the table gets N jobs. With --format github the plan is also
    written to coverage/plan.json. Every shard needs that file to split tests by the same durations.
    `covernance collect` needs it to check that every result arrived, and to find the earlier
    results of suites that were left out.

    \b
    Examples:
      covernance plan
      covernance plan --affected --base origin/main
      covernance plan --format github >> "$GITHUB_OUTPUT"
    """  # noqa: D301 - click reads the escape
    context = enter_repository()
    table = context.table
    history = StoreListing(open_table_store(context))
    decisions = workflow.decide_suites(context, history, base) if affected else None
    plan = jobs.plan_jobs(table, history, decisions)
    match form:
        case "text":
            click.echo("\n".join(_lines(table, plan)))
        case "json":
            print_json({"jobs": _legs(table, plan), **_left_out(plan)})
        case "github":
            jobs.write(plan, context.layout)
            click.echo(_outputs(table, plan))
    return Exit.PASS


def _outputs(table: Table, plan: Plan) -> str:
    """Lines for $GITHUB_OUTPUT: the matrix, the suites in it, and whether it has any job."""
    outputs = {
        "matrix": {"include": _legs(table, plan)},
        "suites": list(dict.fromkeys(job.suite for job in plan.jobs)),
        "any": bool(plan.jobs),
        **_left_out(plan),
    }
    return "\n".join(f"{name}={json.dumps(value)}" for name, value in outputs.items())


def _left_out(plan: Plan) -> dict[str, dict[str, str]]:
    return {"left_out": {name: left.reason for name, left in plan.left_out.items()}}


def _legs(table: Table, plan: Plan) -> list[dict[str, Any]]:
    return [_leg(table, job) | _why(plan, job) for job in plan.jobs]


def _why(plan: Plan, job: Planned) -> dict[str, list[str]]:
    return {"reasons": list(plan.reasons[job.suite])} if job.suite in plan.reasons else {}


def _leg(table: Table, job: Planned) -> dict[str, Any]:
    suite = table.suite(job.suite)
    return {
        "name": job.name,
        "suite": suite.name,
        "session": suite.session,
        "shard": str(job.shard),
        "fail-under": str(suite.fail_under),
    }


def _lines(table: Table, plan: Plan) -> Iterator[str]:
    for job in plan.jobs:
        yield _line(table, job)
        reasons = cut(plan.reasons.get(job.suite, ()), _MOST_REASONS)
        yield from (f"  {reason}" for reason in reasons)
    yield from (f"{name}: left out: {left.reason}" for name, left in plan.left_out.items())


def _line(table: Table, job: Planned) -> str:
    shard = "" if job.shard.whole else f"COVERAGE_SHARD={job.shard} "
    return f"{job.name}: {shard}nox -s {table.suite(job.suite).session}"
