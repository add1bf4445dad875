"""The metrics baseline: coverage, run times, slow tests and flaky tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from covernance.machine import Machine
from covernance.metrics_baseline.repeat import (
    Run,
    Spread,
    find_broken_tests,
    flaky,
    measure_spread,
    slowest,
)
from covernance.model import document
from covernance.model.counts import Counts, show
from covernance.model.snapshot import Snapshot
from covernance.model.text import short_commit
from covernance.model.verdict import Verdict
from covernance.reports.markdown import code, head, plain, row

SCHEMA = 1

_MOST_SLOW = 10


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """The coverage of the suite's last full run, with its commit and time."""

    commit: str | None
    recorded_at: str
    verdict: Verdict
    total: Counts
    earned: dict[str, Counts]


class Repeated(msgspec.Struct, frozen=True, kw_only=True):
    """One repetition: the seed of its order, its wall time, the outcomes of its tests."""

    seed: int
    seconds: float
    outcomes: dict[str, int]


class Slow(msgspec.Struct, frozen=True):
    """A test and its median run time in seconds."""

    test: str
    seconds: float


class SuiteMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """The metrics of one suite.

    Attributes:
        coverage: The coverage from its snapshot.
        tests: The number of tests.
        seconds: Wall time of a run of all tests, without coverage.
        repetitions: Every run; its seed reproduces its order.
        slowest: The slowest tests.
        flaky: Tests whose outcomes differ between repetitions, with the count of each outcome.
        broken: Tests that failed in every repetition.
    """

    coverage: Coverage
    tests: int
    seconds: Spread
    repetitions: tuple[Repeated, ...]
    slowest: tuple[Slow, ...]
    flaky: dict[str, dict[str, int]]
    broken: tuple[str, ...]


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """The metrics of all suites, and where and when they were measured; times are in seconds."""

    schema: int = SCHEMA
    recorded_at: str
    commit: str | None
    dirty: bool | None
    machine: Machine
    suites: dict[str, SuiteMetrics]

    def encode(self) -> bytes:
        """Encode as indented JSON with sorted keys; the same metrics give the same bytes."""
        return document.encode(self)


def suite_metrics(snapshot: Snapshot, runs: list[Run]) -> SuiteMetrics:
    """Summarise one or more repetitions of a suite; times are rounded to milliseconds."""
    times = measure_spread(run.seconds for run in runs)
    return SuiteMetrics(
        coverage=Coverage(
            commit=snapshot.provenance.commit,
            recorded_at=snapshot.provenance.recorded_at,
            verdict=snapshot.verdict,
            total=snapshot.total,
            earned={theme: cell.earned for theme, cell in snapshot.themes.items()},
        ),
        tests=max(len(run.cases) for run in runs),
        seconds=Spread(*(_rounded(value) for value in (times.median, times.least, times.most))),
        repetitions=tuple(
            Repeated(
                seed=run.seed,
                seconds=_rounded(run.seconds),
                outcomes=dict(sorted(run.tally.items())),
            )
            for run in runs
        ),
        slowest=tuple(
            Slow(test, _rounded(seconds)) for test, seconds in slowest(runs, _MOST_SLOW).items()
        ),
        flaky=flaky(runs),
        broken=find_broken_tests(runs),
    )


def markdown(metrics: Metrics) -> str:
    """The metrics for people; percentages are rounded down."""
    suites = metrics.suites
    slow = (
        (name, entry.test, _seconds(entry.seconds))
        for name, suite in suites.items()
        for entry in suite.slowest
    )
    unstable = (
        (name, test, _tally(outcomes))
        for name, suite in suites.items()
        for test, outcomes in suite.flaky.items()
    )
    failing = ((name, test) for name, suite in suites.items() for test in suite.broken)
    return "\n".join(
        [
            "# Test metrics baseline\n",
            f"{_where(metrics)}\n",
            *_overview(suites),
            "\n## Earned coverage\n",
            *_earned(suites),
            "\n## Slowest tests\n",
            *_tests(("suite", "test", "median s"), slow),
            "\n## Flaky tests\n",
            *_tests(("suite", "test", "outcomes"), unstable),
            "\n## Tests that always fail\n",
            *_tests(("suite", "test"), failing),
            "\n## Repetitions\n",
            "Repeat an order with its seed: `pytest -p randomly --randomly-seed=SEED`.\n",
            *_repetitions(suites),
            "",
        ]
    )


def text(metrics: Metrics) -> str:
    """Return the metrics as a few lines of text."""
    lines = []
    for name, suite in metrics.suites.items():
        times, total = suite.seconds, suite.coverage.total
        lines.append(
            f"{name}: {show(total.percent)} % covered ({suite.coverage.verdict}); "
            f"tests: {suite.tests}, flaky: {len(suite.flaky)}; median of "
            f"{len(suite.repetitions)}: {_seconds(times.median)} s "
            f"({_seconds(times.least)} to {_seconds(times.most)})"
        )
        lines += [f"  slow: {slow.test}: {_seconds(slow.seconds)} s" for slow in suite.slowest[:3]]
        lines += [f"  FLAKY: {test}: {_tally(tally)}" for test, tally in suite.flaky.items()]
        lines += [f"  ALWAYS FAILS: {test}" for test in suite.broken]
    return "\n".join(lines)


def _where(metrics: Metrics) -> str:
    machine = metrics.machine
    changed = " with uncommitted changes" if metrics.dirty else ""
    return (
        f"Measured {metrics.recorded_at} at {_commit(metrics.commit)}{changed}, without coverage, "
        f"each repetition in a different random order, on {machine.cpus} × {code(machine.cpu)}, "
        f"{machine.memory_mib} MiB, {code(machine.system)}, {machine.python}."
    )


def _overview(suites: Mapping[str, SuiteMetrics]) -> list[str]:
    numeric = ("coverage %", "tests", "runs", "median s", "least s", "most s", "flaky")
    return [
        *head(("suite", numeric[0], "verdict", "covered at", *numeric[1:]), numeric=numeric),
        *(
            row(
                (
                    plain(name),
                    show(suite.coverage.total.percent),
                    suite.coverage.verdict,
                    _commit(suite.coverage.commit),
                    str(suite.tests),
                    str(len(suite.repetitions)),
                    _seconds(suite.seconds.median),
                    _seconds(suite.seconds.least),
                    _seconds(suite.seconds.most),
                    str(len(suite.flaky)),
                )
            )
            for name, suite in suites.items()
        ),
    ]


def _earned(suites: Mapping[str, SuiteMetrics]) -> list[str]:
    return [
        *head(("suite", "theme", "earned %"), numeric=["earned %"]),
        *(
            row((plain(name), plain(theme), show(counts.percent)))
            for name, suite in suites.items()
            for theme, counts in suite.coverage.earned.items()
        ),
    ]


def _tests(names: tuple[str, ...], tests: Iterable[tuple[str, ...]]) -> list[str]:
    """A table of tests with suite, node id and further columns, or `None.` if there are none."""
    rows = [row((plain(suite), code(test), *rest)) for suite, test, *rest in tests]
    return [*head(names, numeric=["median s"]), *rows] if rows else ["None."]


def _repetitions(suites: Mapping[str, SuiteMetrics]) -> list[str]:
    return [
        *head(("suite", "seed", "s", "outcomes"), numeric=["seed", "s"]),
        *(
            row((plain(name), str(run.seed), _seconds(run.seconds), _tally(run.outcomes)))
            for name, suite in suites.items()
            for run in suite.repetitions
        ),
    ]


def _commit(commit: str | None) -> str:
    return code(short_commit(commit)) if commit else "no commit"


def _tally(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items())


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f}"


def _rounded(seconds: float) -> float:
    return round(seconds, 3)
