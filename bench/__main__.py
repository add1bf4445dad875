"""`nox -s bench`: run the benchmarks, print a table and write the figures as JSON."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import click

from bench.process import CommandError, Cost, cost
from bench.results import Results, figures, table
from bench.slices import SHAPES, slice_variants
from bench.variants import Variant, environment, variants
from bench.workloads import WORKLOADS, prepare
from covernance import machine
from covernance.files import write_atomic


def _variants(name: str, work: Path) -> list[Variant]:
    if name in SHAPES:
        return slice_variants(work / name, SHAPES[name])
    return variants(prepare(name, work))


@click.command()
@click.option(
    "--workload",
    "names",
    multiple=True,
    type=click.Choice([*WORKLOADS, *SHAPES]),
    help="Workload to measure; repeatable. Default: all.",
)
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Runs of each variant; variants alternate.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("coverage/bench.json"),
    show_default=True,
    help="JSON file for the figures; a Markdown table is written next to it.",
)
def main(names: tuple[str, ...], rounds: int, output: Path) -> None:
    """Compare the cost of covernance with bare pytest, plain coverage.py and other variants.

    Every figure is for a complete process, and every ratio is between two commands of the same
    round. Run this on an idle machine; otherwise the figures mean little.
    """
    work = Path(tempfile.mkdtemp(prefix="covernance-bench-"))
    try:
        rounds_by_workload = {
            name: _measure(name, _variants(name, work), rounds)
            for name in names or (*WORKLOADS, *SHAPES)
        }
    except CommandError as error:
        raise click.ClickException(str(error)) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    results = Results(
        machine=machine.describe_machine(),
        rounds=rounds,
        figures={
            name: figures(costs_of_rounds) for name, costs_of_rounds in rounds_by_workload.items()
        },
    )
    write_atomic(output, results.encode())
    write_atomic(output.with_suffix(".md"), table(results).encode())
    click.echo(table(results))


def _measure(workload: str, variants_to_run: list[Variant], rounds: int) -> list[dict[str, Cost]]:
    costs_of_rounds = []
    for round_number in range(1, rounds + 1):
        costs = {}
        for variant in variants_to_run:
            variant.prepare()
            costs[variant.name] = variant_cost = cost(
                variant.commands, variant.folder, environment()
            )
            progress = f"{workload}: round {round_number} of {rounds}: {variant.name}"
            click.echo(f"{progress}: {variant_cost.wall:.1f} s", err=True)
        costs_of_rounds.append(costs)
    return costs_of_rounds


if __name__ == "__main__":
    sys.exit(main(prog_name="nox -s bench --"))
