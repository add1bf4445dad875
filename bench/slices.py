"""What suite × theme counts cost, beside `coverage json --contexts` once for each theme.

    python -m bench.slices --files 20 --files 200 --tests 0 --tests 2000

Sources and data are made up: of every file each theme ran most steps, and each test some of a few.
Read the columns as curves.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import click
from coverage import CoverageData
from coverage.parser import PythonParser

from bench.generate import Shape, generate
from bench.process import Cost, cost
from bench.themes import THEMES
from covernance.measure import combine, slicing
from covernance.model.slices import pattern
from covernance.model.source import Arc

_COLUMNS = ("files", "tests", "data", "`coverage json` a theme", "first sight", "known", "memory")
_FILES_OF_A_TEST = 10
_STEPS_OF_A_TEST = 60
_MOSTLY = 0.8


@click.group(invoke_without_command=True)
@click.pass_context
@click.option("--files", multiple=True, default=(20, 200), type=int, help="Sources; repeatable.")
@click.option("--tests", multiple=True, default=(0,), type=int, help="Contexts of single tests.")
@click.option("--statements", default=500, help="Statements of each source, about.")
def main(
    ctx: click.Context, files: tuple[int, ...], tests: tuple[int, ...], statements: int
) -> None:
    """Print a table; the ratios are of processor time, of whole processes."""
    if ctx.invoked_subcommand:
        return
    click.echo(_row(*_COLUMNS))
    click.echo(f"|{'---:|' * len(_COLUMNS)}")
    for number in files:
        for several in tests:
            click.echo(_row(*_measured(Shape(files=number, statements=statements, tests=several))))


@main.command()
def count() -> None:
    """Count the data of the current folder."""
    cov = combine.load(Path(".coverage"), Path("analyses"))
    click.echo(f"{len(slicing.file_results(cov, THEMES))} files")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _measured(shape: Shape) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory(prefix="covernance-bench-") as name:
        folder = Path(name)
        generate(folder, Shape(files=shape.files, statements=shape.statements, tests=0))
        folder.joinpath(".coveragerc").write_text("[run]\nbranch = true\nrelative_files = true\n")
        _record(folder, shape)
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", str(Path.cwd()), *sys.path])}
        commands = [
            [sys.executable, "-m", "coverage", "json", "-q", f"--contexts={pattern(theme)}"]
            for theme in THEMES
        ]
        theirs = cost(commands, folder, environ)
        ours = [[sys.executable, "-m", "bench.slices", "count"]]
        first, known = (cost(ours, folder, environ) for _ in range(2))
        return (
            f"{shape.files:,}",
            f"{shape.tests:,}",
            f"{folder.joinpath('.coverage').stat().st_size / 2**20:,.0f} MiB",
            f"{theirs.cpu:.1f} s",
            _beside(first, theirs),
            _beside(known, theirs),
            f"{known.memory_mib} MiB",
        )


def _beside(ours: Cost, theirs: Cost) -> str:
    return f"{ours.cpu:.1f} s, {theirs.cpu / ours.cpu:.0f} × less"


def _record(folder: Path, shape: Shape) -> None:
    chance = random.Random(1)  # noqa: S311 - the same data every time
    paths = sorted(folder.glob("made/module_*.py"))
    steps = {str(path.relative_to(folder)): _steps(path) for path in paths}
    with closing(CoverageData(basename=str(folder / ".coverage"))) as data:
        for theme in THEMES:
            data.set_context(theme)
            data.add_arcs({name: arcs[:_STEPS_OF_A_TEST] for name, arcs in steps.items()})
            data.set_context(f"{theme}|run")
            data.add_arcs(
                {
                    name: [arc for arc in arcs if chance.random() < _MOSTLY]
                    for name, arcs in steps.items()
                }
            )
        for number in range(shape.tests):
            data.set_context(f"{THEMES[number % len(THEMES)]}|run|tests/t.py::test_{number}")
            some = chance.sample(sorted(steps), min(_FILES_OF_A_TEST, len(steps)))
            data.add_arcs({name: steps[name][-_STEPS_OF_A_TEST:] for name in some})


def _steps(path: Path) -> list[Arc]:
    parser = PythonParser(filename=str(path))
    parser.parse_source()
    return sorted(parser.arcs())


if __name__ == "__main__":
    main(prog_name="python -m bench.slices")
