"""One suite's tests again and again, each time in another order, and what differed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

import msgspec

from covernance.agent.client import agent_environment
from covernance.config import Suite
from covernance.engine.passes import RECORD, Pass
from covernance.engine.record import read_record
from covernance.errors import InputError
from covernance.model.snapshot import FAILED
from covernance.model.testing import rank_slowest

NOT_RUN = "not run"
"""The outcome of a test in a repetition that did not collect it."""


class Repetition(msgspec.Struct, frozen=True, kw_only=True):
    """One run of all tests of a suite in random order.

    Attributes:
        number: From 1.
        seed: What decided the order; `pytest -p randomly --randomly-seed` gives it again.
        process: How it is run.
    """

    number: int
    seed: int
    process: Pass


class Case(msgspec.Struct, frozen=True):
    """How one test ended in one repetition, and how long it took."""

    outcome: str
    seconds: float


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One finished repetition.

    Attributes:
        seed: What decided the order.
        seconds: Wall time of the process.
        cases: Every test, by its node id.
    """

    seed: int
    seconds: float
    cases: dict[str, Case]

    @property
    def tally(self) -> Counter[str]:
        """How many tests ended how."""
        return Counter(case.outcome for case in self.cases.values())


class Spread(msgspec.Struct, frozen=True):
    """Times in seconds over all repetitions."""

    median: float
    least: float
    most: float


def plan(suite: Suite, seeds: Sequence[int], folder: Path, *, python: Path) -> list[Repetition]:
    """Plan one repetition per seed; each has its own folder below `folder`.

    Nothing is measured but time: no coverage, no cache that would change the order.
    """
    environment = agent_environment(os.environ)
    return [
        Repetition(
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
) -> Pass:
    own = folder / suite.name / str(number)
    command = (
        *(str(python), "-m", "pytest", "-p", "randomly", f"--randomly-seed={seed}"),
        *("-p", "no:cacheprovider", "-p", "covernance_agent.plugin"),
        f"--covernance-record={own / RECORD}",
        *suite.tests,
    )
    return Pass(
        suite=suite.name,
        theme=f"repetition {number}",
        folder=own,
        command=command,
        environment=environment,
    )


def read_cases(record_file: Path) -> dict[str, Case]:
    """Read the outcomes of a repetition, by node id.

    Raises:
        InputError: The record is not there, is damaged, or has no tests.
    """
    record = read_record(record_file)
    if record is None or not record.outcomes:
        msg = f"{record_file}: reports no tests"
        raise InputError(msg)
    return {
        test: Case(outcome, record.seconds.get(test, 0.0))
        for test, outcome in record.outcomes.items()
    }


def outcomes(runs: Sequence[Run]) -> dict[str, Counter[str]]:
    """How often each test ended how, sorted by test; `not run` where it was not collected."""
    tests = sorted({test for run in runs for test in run.cases})
    absent = Case(NOT_RUN, 0.0)
    return {test: Counter(run.cases.get(test, absent).outcome for run in runs) for test in tests}


def flaky(runs: Sequence[Run]) -> dict[str, dict[str, int]]:
    """The tests whose outcomes differ among repetitions, and how often each came.

    Unlike `is_flaky` this counts every difference: a test that is skipped or not collected in some
    orders depends on the order, which is what repetitions look for.
    """
    return {
        test: dict(sorted(tally.items()))
        for test, tally in outcomes(runs).items()
        if len(tally) > 1
    }


def broken(runs: Sequence[Run]) -> tuple[str, ...]:
    """The tests that failed in every repetition."""
    return tuple(test for test, tally in outcomes(runs).items() if set(tally) <= FAILED)


def slowest(runs: Sequence[Run], most: int) -> dict[str, float]:
    """The tests with the longest median time, in seconds, the slowest first."""
    times: dict[str, list[float]] = {}
    for run in runs:
        for test, case in run.cases.items():
            times.setdefault(test, []).append(case.seconds)
    medians = ((test, median(taken)) for test, taken in times.items())
    return dict(rank_slowest(medians, most))


def spread(seconds: Iterable[float]) -> Spread:
    """Median, least and most of at least one time."""
    values = sorted(seconds)
    return Spread(median(values), values[0], values[-1])
