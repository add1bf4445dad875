"""Simulate how shards, affected suites and reuse shorten CI, from recorded test durations.

    python -m bench.simulate                       the grid of docs/scale.md
    python -m bench.simulate --tests 5000 --suites 12 --runners 40

Only the recorded durations are measured. The cost of a job is its set-up, importing and collecting
its complete suite, and its share of the tests. Tests are split like pytest-split's least_duration;
jobs wait for free runners, longest first.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import click
import msgspec

from covernance.config import load
from covernance.errors import CovernanceError
from covernance.layout import Layout
from covernance.model import snapshot

_SEED = 20_261_121
_SHARDS = (1, 2, 4, 8, 16, 32, 64)
_GRID = [(tests, suites) for tests in (10, 1_000, 100_000) for suites in (3, 30, 300)]
_MINUTE = 60.0


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """The CI machines and their costs apart from the tests.

    Attributes:
        runners: Number of jobs that run at the same time.
        setup: Seconds until a job starts its tests: check-out, Python, environment.
        collect: Seconds per test of the suite to import and collect it, in every shard.
        slowdown: Time of a themed, measured run as a ratio to bare pytest on this machine.
        fan_in: Seconds of the job that merges the results.
        price: Price per runner-minute; jobs are billed in whole minutes.
    """

    runners: int
    setup: float
    collect: float
    slowdown: float
    fan_in: float
    price: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of simulating one split.

    Attributes:
        shards: Maximum number of jobs of the largest suite; smaller suites have fewer.
        jobs: Number of jobs, including the one that merges the results.
        wall: Seconds from start to verdict.
        minutes: Billed runner-minutes.
        cost: Price of the runner-minutes.
    """

    shards: int
    jobs: int
    wall: float
    minutes: int
    cost: float


def sizes(tests: int, suites: int) -> list[int]:
    """Return the number of tests per suite: few large and many small ones, by Zipf's law."""
    weights = [1 / rank for rank in range(1, suites + 1)]
    exact = [tests * weight / sum(weights) for weight in weights]
    rounded = [math.floor(share) for share in exact]
    for index in range(tests - sum(rounded)):
        rounded[index % suites] += 1
    return [size for size in rounded if size]


def split(durations: Sequence[float], shards: int) -> list[float]:
    """Return the seconds of each shard; each next longest test goes to the shortest shard."""
    heap = [0.0] * shards
    for seconds in sorted(durations, reverse=True):
        heapq.heapreplace(heap, heap[0] + seconds)
    return heap


def outcome(suites: Sequence[Sequence[float]], shards: int, fleet: Fleet) -> Outcome:
    """Simulate running every suite once, split in proportion to its total duration.

    Args:
        suites: The durations of each suite's tests, in seconds.
        shards: Number of jobs of the suite with the most work.
        fleet: The CI machines.
    """
    largest = max(map(sum, suites), default=0.0)
    jobs = []
    for tests in suites:
        suite_shards = (
            max(1, min(len(tests), math.ceil(shards * sum(tests) / largest))) if largest else 1
        )
        overhead = fleet.setup + fleet.collect * len(tests)
        jobs += [overhead + fleet.slowdown * work for work in split(tests, suite_shards)]
    runner_times = [0.0] * fleet.runners
    for seconds in sorted(jobs, reverse=True):
        heapq.heapreplace(runner_times, runner_times[0] + seconds)
    jobs.append(fleet.setup + fleet.fan_in)
    minutes = sum(math.ceil(seconds / _MINUTE) for seconds in jobs)
    return Outcome(
        shards=shards,
        jobs=len(jobs),
        wall=max(runner_times) + jobs[-1],
        minutes=minutes,
        cost=minutes * fleet.price,
    )


def knee(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the last split that takes at least 10 % less wall time than the previous one."""
    best = outcomes[0]
    for before, after in pairwise(outcomes):
        if after.wall > 0.9 * before.wall:
            break
        best = after
    return best


def read_durations(root: Path) -> list[float]:
    """Return the durations of all tests in the latest full runs.

    Raises:
        CovernanceError: A suite has no result.
    """
    results = (snapshot.read(Layout(root).snapshot(suite.name)) for suite in load(root).suites)
    return [test.seconds for result in results for test in result.tests.values()]


def sample_suites(pool: Sequence[float], tests: int, suites: int) -> list[list[float]]:
    """Return suites of tests with durations sampled from `pool`; repeatable."""
    generator = random.Random(_SEED)  # noqa: S311 - a simulation
    return [generator.choices(pool, k=size) for size in sizes(tests, suites)]


@click.command()
@click.option("--tests", type=click.IntRange(min=1), help="Only this many tests.")
@click.option("--suites", type=click.IntRange(min=1), help="Only this many suites.")
@click.option("--runners", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--setup", type=float, default=25.0, show_default=True, help="Seconds per job.")
@click.option("--collect", type=float, default=0.002, show_default=True, help="Seconds per test.")
@click.option(
    "--slowdown", type=float, default=1.6, show_default=True, help="Ratio to bare pytest."
)
@click.option("--fan-in", type=float, default=20.0, show_default=True, help="Seconds.")
@click.option("--price", type=float, default=0.006, show_default=True, help="Per minute.")
@click.option(
    "--touched",
    type=float,
    default=0.1,
    show_default=True,
    help="Fraction of suites that a change affects.",
)
@click.option(
    "--stretch",
    type=float,
    default=1.0,
    show_default=True,
    help="Factor for all test durations.",
)
def main(
    tests: int | None, suites: int | None, touched: float, stretch: float, **machines: float
) -> None:
    """Print wall time, runner-minutes and cost by number of shards and selected suites."""
    fleet = msgspec.convert(machines, Fleet, strict=False)
    try:
        pool = [seconds * stretch for seconds in read_durations(Path.cwd())]
    except CovernanceError as error:
        raise click.ClickException(str(error)) from error
    grid = [pair for pair in _GRID if tests in {None, pair[0]} and suites in {None, pair[1]}]
    click.echo("| tests | suites | run | one shard | best | at best | 64 shards |")
    click.echo("|---:|---:|---|---:|---:|---:|---:|")
    for count, number in grid or [(tests or 1_000, suites or 3)]:
        for name, scenario in _scenarios(sample_suites(pool, count, number), touched):
            outcomes = [outcome(scenario, shards, fleet) for shards in _SHARDS]
            best = knee(outcomes)
            cells = [_describe(simulated) for simulated in (outcomes[0], best, outcomes[-1])]
            cells.insert(1, str(best.shards))
            click.echo(f"| {count:,} | {number} | {name} | {' | '.join(cells)} |")


def _describe(simulated: Outcome) -> str:
    """Return wall time in minutes and seconds, runner-minutes and cost."""
    wall = f"{int(simulated.wall // _MINUTE)}:{int(simulated.wall % _MINUTE):02}"
    return f"{wall} · {simulated.minutes} · {simulated.cost:.2f}"


def _scenarios(suites: list[list[float]], touched: float) -> list[tuple[str, list[list[float]]]]:
    """Return the suites to run: all, affected ones only, or all with unaffected ones reused."""
    affected_count = max(1, round(touched * len(suites)))
    generator = random.Random(_SEED)  # noqa: S311 - a simulation
    affected = set(generator.sample(range(len(suites)), affected_count))
    return [
        ("all", suites),
        ("affected", [suite for index, suite in enumerate(suites) if index in affected]),
        ("reused", [suite if index in affected else [] for index, suite in enumerate(suites)]),
    ]


if __name__ == "__main__":
    main(prog_name="python -m bench.simulate")
