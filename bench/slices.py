"""What suite × theme counts cost, beside `coverage json --contexts` once for each theme.

Sources and data are made up: of every file each theme ran most steps, and each test some of a few.
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
"""Sources, and contexts of single tests."""

_COUNT = Path(__file__).with_name("count.py")
_FILES_OF_A_TEST = 10
_STEPS_OF_A_TEST = 60
_MOSTLY = 0.8


def counted(folder: Path, shape: Shape) -> list[Variant]:
    """Make the data below `folder`; coverage.py, then the layer without and with analyses."""
    generate(folder, Shape(files=shape.files, statements=shape.statements, tests=0))
    folder.joinpath(".coveragerc").write_text("[run]\nbranch = true\nrelative_files = true\n")
    _record(folder, shape)
    theirs = [
        (sys.executable, "-m", "coverage", "json", "-q", f"--contexts={pattern(theme)}")
        for theme in THEMES
    ]
    ours = [(sys.executable, str(_COUNT), *THEMES)]
    forget = partial(shutil.rmtree, folder / "analyses", ignore_errors=True)
    return [
        Variant("coverage json, once a theme", theirs, folder),
        Variant("covernance, first sight", ours, folder, forget),
        Variant("covernance, sources known", ours, folder),
    ]


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
