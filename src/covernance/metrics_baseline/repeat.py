"""One suite's tests again and again, each time in another order, and what differed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

import msgspec
from junitparser import JUnitXml, JUnitXmlError, TestCase

from covernance.config import Suite
from covernance.engine.passes import Pass
from covernance.errors import InputError
from covernance.model.snapshot import SEVERITY

NOT_RUN = "not run"
"""The outcome of a test in a repetition that did not collect it."""

_PASSED, _SKIPPED, _FAILED, _ERROR = "passed", "skipped", "failed", "error"


class Repetition(msgspec.Struct, frozen=True, kw_only=True):
    """One run of all tests of a suite in random order.

    Attributes:
        number: From 1.
        seed: What decided the order; `pytest -p randomly --randomly-seed` gives it again.
        process: How it is run.
        report: Where pytest writes the outcomes, as JUnit XML.
    """

    number: int
    seed: int
    process: Pass
    report: Path


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


def plan(suite: Suite, seeds: Sequence[int], folder: Path, *, python: str) -> list[Repetition]:
    """Plan a repetition a seed; each has a folder of its own below `folder`.

    Nothing is measured but time: no coverage, no cache that would change the order.
    """
    return [
        _repetition(suite, number, seed, folder, python) for number, seed in enumerate(seeds, 1)
    ]


def _repetition(suite: Suite, number: int, seed: int, folder: Path, python: str) -> Repetition:
    own = folder / suite.name / str(number)
    report = own / "junit.xml"
    command = (
        *(python, "-m", "pytest", "-p", "randomly", f"--randomly-seed={seed}"),
        *("-p", "no:cacheprovider"),
        # The family that names the file of a test, from which its node id follows.
        *("-o", "junit_family=xunit1", f"--junit-xml={report}"),
        *suite.tests,
    )
    process = Pass(
        suite=suite.name, theme=f"repetition {number}", folder=own, command=command, environment={}
    )
    return Repetition(number=number, seed=seed, process=process, report=report)


def read(report: Path) -> dict[str, Case]:
    """Read the outcomes of a repetition, by node id.

    A test that failed and then could not be torn down is reported twice; its worst outcome
    counts, and its times are added.

    Raises:
        InputError: The report is not there, is damaged, or has no tests.
    """
    cases: dict[str, Case] = {}
    try:
        for suite in JUnitXml.fromfile(str(report)):
            for case in suite:
                name = _node_id(case)
                before = cases.get(name, Case(_PASSED, 0.0))
                cases[name] = Case(
                    max(before.outcome, _outcome(case), key=SEVERITY.index),
                    before.seconds + (case.time or 0.0),
                )
    except (OSError, JUnitXmlError, SyntaxError, ValueError) as error:
        msg = f"{report}: is not a JUnit report: {error}"
        raise InputError(msg) from error
    if not cases:
        msg = f"{report}: reports no tests"
        raise InputError(msg)
    return cases


def _outcome(case: TestCase) -> str:
    if case.is_error:
        return _ERROR
    if case.is_failure:
        return _FAILED
    return _SKIPPED if case.is_skipped else _PASSED


def _node_id(case: TestCase) -> str:
    """`tests/test_a.py::TestA::test_b[c]` from the file `tests/test_a.py`, `tests.test_a.TestA`."""
    path = case._elem.get("file")  # noqa: SLF001 - the parser has no accessor for xunit1's file
    if path is None:
        return "::".join(filter(None, (case.classname, case.name)))
    module = path.removesuffix(".py").replace("/", ".")
    classes = case.classname.removeprefix(module).removeprefix(".")
    return "::".join([path, *filter(None, classes.split(".")), case.name])


def outcomes(runs: Sequence[Run]) -> dict[str, Counter[str]]:
    """How often each test ended how, sorted by test; `not run` where it was not collected."""
    tests = sorted({test for run in runs for test in run.cases})
    absent = Case(NOT_RUN, 0.0)
    return {test: Counter(run.cases.get(test, absent).outcome for run in runs) for test in tests}


def flaky(runs: Sequence[Run]) -> dict[str, dict[str, int]]:
    """The tests whose outcomes differ among repetitions, and how often each came."""
    return {
        test: dict(sorted(tally.items()))
        for test, tally in outcomes(runs).items()
        if len(tally) > 1
    }


def broken(runs: Sequence[Run]) -> tuple[str, ...]:
    """The tests that failed in every repetition."""
    return tuple(test for test, tally in outcomes(runs).items() if set(tally) <= {_FAILED, _ERROR})


def slowest(runs: Sequence[Run], most: int) -> dict[str, float]:
    """The tests with the longest median time, in seconds, the slowest first."""
    times: dict[str, list[float]] = {}
    for run in runs:
        for test, case in run.cases.items():
            times.setdefault(test, []).append(case.seconds)
    ranked = sorted(((median(taken), test) for test, taken in times.items()), key=_slowest_first)
    return {test: seconds for seconds, test in ranked[:most]}


def _slowest_first(entry: tuple[float, str]) -> tuple[float, str]:
    return -entry[0], entry[1]


def spread(seconds: Iterable[float]) -> Spread:
    """Median, least and most of at least one time."""
    values = sorted(seconds)
    return Spread(median(values), values[0], values[-1])
