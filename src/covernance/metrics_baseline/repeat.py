"""Repeat a suite's tests in random orders, and compare the outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

import msgspec

from covernance.agent.client import agent_environment
from covernance.config import Suite
from covernance.engine.processes import Launch
from covernance.engine.record import RECORD, read_record
from covernance.errors import InputError
from covernance.model.snapshot import FAILED
from covernance.model.testing import rank_slowest

NOT_RUN = "not run"
"""The outcome of a test in a repetition that did not collect it."""


class Repetition(msgspec.Struct, frozen=True, kw_only=True):
    """One run of all tests of a suite in random order.

    Attributes:
        suite: The name of the suite.
        number: The repetition's number, from 1.
        seed: The seed of the order; `pytest -p randomly --randomly-seed` repeats it.
        process: The process that runs it.
    """

    suite: str
    number: int
    seed: int
    process: Launch


class Case(msgspec.Struct, frozen=True):
    """The outcome of one test in one repetition, and its duration."""

    outcome: str
    seconds: float


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One finished repetition.

    Attributes:
        seed: The seed of the order.
        seconds: Wall time of the process.
        cases: Every test, by its node id.
    """

    seed: int
    seconds: float
    cases: dict[str, Case]

    @property
    def tally(self) -> Counter[str]:
        """The number of tests with each outcome."""
        return Counter(case.outcome for case in self.cases.values())


class Spread(msgspec.Struct, frozen=True):
    """Times in seconds over all repetitions."""

    median: float
    least: float
    most: float


def plan(
    suite: Suite, seeds: Sequence[int], folder: Path, *, python: Path, environ: Mapping[str, str]
) -> list[Repetition]:
    """Plan one repetition per seed; each has its own folder in `folder`.

    Only time is measured: coverage is off, and so is pytest's cache, which would change the order.

    Args:
        suite: The suite.
        seeds: The seeds of the order of tests.
        folder: The parent of the repetitions' folders.
        python: The Python of the suite's environment.
        environ: The variables that tests inherit.
    """
    environment = agent_environment(environ)
    return [
        Repetition(
            suite=suite.name,
            number=number,
            seed=seed,
            process=_process(suite, number, seed, folder, python, environment),
        )
        for number, seed in enumerate(seeds, 1)
    ]


def _process(
    suite: Suite,
    number: int,
    seed: int,
    folder: Path,
    python: Path,
    environment: dict[str, str],
) -> Launch:
    run_folder = folder / suite.name / str(number)
    command = (
        *(str(python), "-m", "pytest", "-p", "randomly", f"--randomly-seed={seed}"),
        *("-p", "no:cacheprovider", "-p", "covernance_agent.plugin"),
        f"--covernance-record={run_folder / RECORD}",
        *([f"--covernance-select={suite.select}"] if suite.select else []),
        *(f"--ignore={path}" for path in suite.ignore),
        *suite.tests,
    )
    return Launch(
        name=f"{suite.name} · repetition {number}",
        folder=run_folder,
        command=command,
        environment=environment,
    )


def read_cases(record_file: Path) -> dict[str, Case]:
    """Read the outcomes of a repetition, by node id.

    Raises:
        InputError: The record is missing or damaged, or contains no tests.
    """
    record = read_record(record_file)
    if record is None or not record.outcomes:
        msg = f"{record_file}: contains no tests"
        raise InputError(msg)
    return {
        test: Case(outcome, record.seconds.get(test, 0.0))
        for test, outcome in record.outcomes.items()
    }


def outcomes(runs: Sequence[Run]) -> dict[str, Counter[str]]:
    """Count each test's outcomes, sorted by test; `not run` counts runs that did not collect it."""
    tests = sorted({test for run in runs for test in run.cases})
    absent = Case(NOT_RUN, 0.0)
    return {test: Counter(run.cases.get(test, absent).outcome for run in runs) for test in tests}


def flaky(runs: Sequence[Run]) -> dict[str, dict[str, int]]:
    """The tests whose outcomes differ between repetitions, with the count of each outcome.

    Unlike `is_flaky` this counts every difference: a test that is skipped or not collected in some
    orders depends on the order, which is what repetitions look for.
    """
    return {
        test: dict(sorted(tally.items()))
        for test, tally in outcomes(runs).items()
        if len(tally) > 1
    }


def find_broken_tests(runs: Sequence[Run]) -> tuple[str, ...]:
    """The tests that failed in every repetition."""
    return tuple(test for test, tally in outcomes(runs).items() if set(tally) <= FAILED)


def slowest(runs: Sequence[Run], most: int) -> dict[str, float]:
    """The tests with the longest median times, in seconds, slowest first."""
    times: dict[str, list[float]] = {}
    for run in runs:
        for test, case in run.cases.items():
            times.setdefault(test, []).append(case.seconds)
    medians = ((test, median(taken)) for test, taken in times.items())
    return dict(rank_slowest(medians, most))


def measure_spread(seconds: Iterable[float]) -> Spread:
    """The median, minimum and maximum of one or more times."""
    values = sorted(seconds)
    return Spread(median(values), values[0], values[-1])
