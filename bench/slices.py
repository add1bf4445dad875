"""The cost of counting suite × theme coverage, compared with `coverage json --contexts` per theme.

Sources and data are generated: each theme runs most steps of every file, and each test some steps
of a few files.
"""

from __future__ import annotations

import random
import shutil
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

from coverage import CoverageData
from coverage.parser import PythonParser

from bench.generate import Shape, generate
from bench.themes import THEMES
from bench.variants import Variant
from covernance.model.context_name import pattern
from covernance_agent.source import Arc

SHAPES = {
    "slices-20": Shape(files=20, statements=500, tests=0),
    "slices-200": Shape(files=200, statements=500, tests=0),
    "slices-2000": Shape(files=2_000, statements=500, tests=0),
    "slices-200-tests-20000": Shape(files=200, statements=500, tests=20_000),
}
"""Workloads by name: how many source files and test contexts to generate."""

_COUNT = Path(__file__).with_name("count.py")
_FILES_PER_TEST = 10
_STEPS_PER_TEST = 60
_EXECUTED_FRACTION = 0.8


def slice_variants(folder: Path, shape: Shape) -> list[Variant]:
    """Generate the data in `folder`; return coverage.py, then covernance without and with cache."""
    generate(folder, Shape(files=shape.files, statements=shape.statements, tests=0))
    folder.joinpath(".coveragerc").write_text("[run]\nbranch = true\nrelative_files = true\n")
    _record(folder, shape)
    coverage_commands = [
        (sys.executable, "-m", "coverage", "json", "-q", f"--contexts={pattern(theme)}")
        for theme in THEMES
    ]
    covernance_commands = [(sys.executable, str(_COUNT), *THEMES)]
    clear_cache = partial(shutil.rmtree, folder / "analyses", ignore_errors=True)
    return [
        Variant("coverage json, once per theme", coverage_commands, folder),
        Variant("covernance, new sources", covernance_commands, folder, clear_cache),
        Variant("covernance, cached sources", covernance_commands, folder),
    ]


def _record(folder: Path, shape: Shape) -> None:
    generator = random.Random(1)  # noqa: S311 - the same data every time
    paths = sorted(folder.glob("made/module_*.py"))
    steps = {str(path.relative_to(folder)): _steps(path) for path in paths}
    with closing(CoverageData(basename=str(folder / ".coverage"))) as data:
        for theme in THEMES:
            data.set_context(theme)
            data.add_arcs({name: arcs[:_STEPS_PER_TEST] for name, arcs in steps.items()})
            data.set_context(f"{theme}|run")
            data.add_arcs(
                {
                    name: [arc for arc in arcs if generator.random() < _EXECUTED_FRACTION]
                    for name, arcs in steps.items()
                }
            )
        for number in range(shape.tests):
            data.set_context(f"{THEMES[number % len(THEMES)]}|run|tests/t.py::test_{number}")
            sampled_files = generator.sample(sorted(steps), min(_FILES_PER_TEST, len(steps)))
            data.add_arcs({name: steps[name][-_STEPS_PER_TEST:] for name in sampled_files})


def _steps(path: Path) -> list[Arc]:
    parser = PythonParser(filename=str(path))
    parser.parse_source()
    return sorted(parser.arcs())
