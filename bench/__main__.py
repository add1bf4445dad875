"""`nox -s bench`: measure, print a table, keep the figures as JSON."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import click

from bench.process import CommandError, Cost, cost
from bench.results import Results, figures, table
from bench.variants import VARIANTS, environment, forget
from bench.workloads import WORKLOADS, Workload, prepare
from covernance.files import write_atomic
from covernance.measure import machine


@click.command()
@click.option(
    "--workload",
    "names",
    multiple=True,
    type=click.Choice([*WORKLOADS]),
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
    """Compare the layer with bare pytest and with other ways to measure.

    Every figure is of a whole process, and every ratio of two commands of one round. A machine
    that does other work at the same time gives figures that mean little.
    """
    work = Path(tempfile.mkdtemp(prefix="covernance-bench-"))
    try:
        found = {name: _measure(prepare(name, work), rounds) for name in names or WORKLOADS}
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


def _measure(work: Workload, rounds: int) -> list[dict[str, Cost]]:
    taken = []
    for number in range(1, rounds + 1):
        costs = {}
        for variant, commands in VARIANTS.items():
            forget(work)
            costs[variant] = cost(commands(work), work.folder, environment())
            told = (
                f"{work.name}: round {number} of {rounds}: {variant}: {costs[variant].wall:.1f} s"
            )
            click.echo(told, err=True)
        taken.append(costs)
    return taken


if __name__ == "__main__":
    sys.exit(main(prog_name="nox -s bench --"))
