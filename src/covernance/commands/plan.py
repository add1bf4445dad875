"""`covernance plan`: what the jobs of a CI matrix run."""

from __future__ import annotations

import json
from typing import Any

import click

from covernance.commands.repository import here
from covernance.config import Table
from covernance.errors import Exit
from covernance.workflows import current, matrix
from covernance.workflows.matrix import Plan, Planned


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="Text for a reader, JSON for a script, outputs for a GitHub Actions job.",
)
def plan(form: str) -> Exit:
    """Plan one job for each suite of the table, or for each shard where it says `shards = N`.

    With --format github the plan is also written to coverage/plan.json: every shard needs it, to
    split by the same durations, and `covernance collect` checks that all of it arrived.

    \b
    Examples:
      covernance plan
      covernance plan --format github >> "$GITHUB_OUTPUT"
    """  # noqa: D301 - click reads the escape
    table = here()
    made = matrix.plan(table, current.store(table))
    match form:
        case "text":
            click.echo("\n".join(_line(table, job) for job in made.jobs))
        case "json":
            click.echo(json.dumps([_leg(table, job) for job in made.jobs], indent=1))
        case "github":
            matrix.write(table, made)
            click.echo(_outputs(table, made))
    return Exit.PASS


def _outputs(table: Table, made: Plan) -> str:
    """Lines for $GITHUB_OUTPUT: the matrix, the suites in it, and whether it has any job."""
    outputs = {
        "matrix": {"include": [_leg(table, job) for job in made.jobs]},
        "suites": list(dict.fromkeys(job.suite for job in made.jobs)),
        "any": bool(made.jobs),
    }
    return "\n".join(f"{name}={json.dumps(value)}" for name, value in outputs.items())


def _leg(table: Table, job: Planned) -> dict[str, Any]:
    suite = table.suite(job.suite)
    return {
        "name": job.name,
        "suite": suite.name,
        "session": suite.session,
        "shard": str(job.shard),
        "fail-under": str(suite.fail_under),
    }


def _line(table: Table, job: Planned) -> str:
    shard = "" if job.shard.whole else f"COVERAGE_SHARD={job.shard} "
    return f"{job.name}: {shard}nox -s {table.suite(job.suite).session}"
