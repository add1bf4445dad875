"""Contexts of single tests, on real pytest and coverage.py, in small repositories."""

from __future__ import annotations

import json

import msgspec
import pytest

from covernance.model.snapshot import Snapshot, read
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

MORE_TESTS = """\


@pytest.fixture(scope="module")
def shared():
    return divide(6, 3)


@pytest.mark.reliability
@pytest.mark.parametrize("number", [2, 5])
def test_shared(shared, number):
    assert shared + number > 2


def test_without_a_theme():
    assert largest([9]) == 9
"""


def placeless(snapshot: Snapshot) -> Snapshot:
    """The result without times, run and inputs: pytest-xdist's workers start a program more."""
    return msgspec.structs.replace(
        snapshot,
        inputs=None,
        provenance=msgspec.structs.replace(snapshot.provenance, recorded_at="", run_id=""),
        themes={
            theme: msgspec.structs.replace(cell, seconds=0.0)
            for theme, cell in snapshot.themes.items()
        },
        tests={
            name: msgspec.structs.replace(test, seconds=0.0)
            for name, test in snapshot.tests.items()
        },
    )


def results(repository: Repository) -> tuple[Snapshot, object, object]:
    coverage = repository.root / "coverage"
    report = json.loads((coverage / "calc.json").read_bytes())["files"]
    baseline = json.loads((coverage / "baseline.json").read_bytes())["files"]
    for file in baseline.values():
        file["contexts"] = {line: sorted(found) for line, found in file["contexts"].items()}
        del file["functions"], file["classes"]  # the same contexts again, in the data's order
    return placeless(read(coverage / "calc.snapshot.json")), report, baseline


@pytest.mark.parametrize(
    "workers",
    [
        pytest.param((), id="one process"),
        pytest.param(("--", "-n", "2"), id="xdist", marks=pytest.mark.needs_plugin("pytest-xdist")),
    ],
)
def test_the_result_equals_that_of_a_run_without_contexts_of_tests(
    repository: Repository, workers: tuple[str, ...]
) -> None:
    repository.append("tests/test_calc.py", MORE_TESTS)
    assert repository.covernance("run").code == 0
    without = results(repository)
    contexts = repository.root / "coverage/data/calc/contexts"
    assert not contexts.exists()

    ran = repository.covernance("run", "--contexts=test", *workers)

    assert ran.code == 0, ran.text
    assert ", coverage/data/calc/contexts" in ran.out
    assert results(repository) == without
    assert {path.name for path in contexts.iterdir()} == {
        "tests.json",
        "snapshot.json",
        "sources.zip",
    }
