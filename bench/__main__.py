"""`nox -s bench`: measure, print a table, keep the figures as JSON."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import click

from bench.process import CommandError, Cost, cost
from bench.results import Results, figures, table
from bench.slices import SHAPES, counted
from bench.variants import Variant, environment, variants
from bench.workloads import WORKLOADS, prepare
from covernance import machine
from covernance.files import write_atomic


def _variants(name: str, work: Path) -> list[Variant]:
    if name in SHAPES:
        return counted(work / name, SHAPES[name])
    return variants(prepare(name, work))


@click.command()
@click.option(
    "--workload",
    "names",
    multiple=True,
    type=click.Choice([*WORKLOADS, *SHAPES]),
    help="Measure this one; repeatable. Default: all.",
)
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How often each variant runs; variants take turns.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("coverage/bench.json"),
    show_default=True,
    help="Where the figures go; a Markdown table is put beside them.",
)
def main(names: tuple[str, ...], rounds: int, output: Path) -> None:
    """Compare the layer with bare pytest, with other ways to measure, and with coverage.py's.

    Every figure is of a whole process, and every ratio of two commands of one round. A machine
    that does other work at the same time gives figures that mean little.
    """
    work = Path(tempfile.mkdtemp(prefix="covernance-bench-"))
    try:
        found = {
            name: _measure(name, _variants(name, work), rounds)
            for name in names or (*WORKLOADS, *SHAPES)
        }
    except CommandError as error:
        raise click.ClickException(str(error)) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    results = Results(
        machine=machine.describe(),
        rounds=rounds,
        figures={name: figures(taken) for name, taken in found.items()},
    )
    write_atomic(output, results.encode())
    write_atomic(output.with_suffix(".md"), table(results).encode())
    click.echo(table(results))


def _measure(workload: str, ways: list[Variant], rounds: int) -> list[dict[str, Cost]]:
    taken = []
    for number in range(1, rounds + 1):
        costs = {}
        for way in ways:
            way.prepare()
            costs[way.name] = took = cost(way.commands, way.folder, environment())
            told = f"{workload}: round {number} of {rounds}: {way.name}: {took.wall:.1f} s"
            click.echo(told, err=True)
        taken.append(costs)
    return taken


if __name__ == "__main__":
    sys.exit(main(prog_name="nox -s bench --"))
