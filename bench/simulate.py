"""What shards, affected suites and reuse buy in CI, simulated from recorded test durations.

    python -m bench.simulate                       the grid of docs/scale.md
    python -m bench.simulate --tests 5000 --suites 12 --runners 40

Nothing is measured here but the durations that are drawn from. A job costs its set-up, the import
and collection of its whole suite, and its share of the tests; tests are split as pytest-split's
least_duration does; jobs wait for free runners, the longest first.
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
    """The machines, and what they cost beside the tests.

    Attributes:
        runners: How many jobs run at once.
        setup: Seconds until a job's first test process starts: check-out, Python, environment.
        collect: Seconds to import and collect, for each test of the suite, paid by every shard.
        slowdown: What a themed, measured run takes, as a ratio to bare pytest on this machine.
        fan_in: Seconds of the job that joins all.
        price: The price of a runner's minute; a job is billed in whole minutes.
    """

    runners: int
    setup: float
    collect: float
    slowdown: float
    fan_in: float
    price: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One way to run everything.

    Attributes:
        shards: Into how many jobs the largest suite is split, at most; smaller ones into fewer.
        jobs: How many jobs there are, the one that joins included.
        wall: Seconds from start to verdict.
        minutes: Runner-minutes that are billed.
        cost: Their price.
    """

    shards: int
    jobs: int
    wall: float
    minutes: int
    cost: float


def sizes(tests: int, suites: int) -> list[int]:
    """How many tests each suite has: a few large ones and many small, by Zipf's law."""
    weights = [1 / rank for rank in range(1, suites + 1)]
    exact = [tests * weight / sum(weights) for weight in weights]
    whole = [math.floor(share) for share in exact]
    for index in range(tests - sum(whole)):
        whole[index % suites] += 1
    return [size for size in whole if size]


def split(durations: Sequence[float], shards: int) -> list[float]:
    """The seconds of each shard: the longest test goes to the shard that has the least."""
    heap = [0.0] * shards
    for seconds in sorted(durations, reverse=True):
        heapq.heapreplace(heap, heap[0] + seconds)
    return heap


def outcome(suites: Sequence[Sequence[float]], shards: int, fleet: Fleet) -> Outcome:
    """Run every suite once, each split so that no shard is smaller than the largest's.

    Args:
        suites: The durations of each suite's tests, in seconds.
        shards: Into how many jobs the suite with the most work is split.
        fleet: The machines.
    """
    most = max(map(sum, suites), default=0.0)
    jobs = []
    for tests in suites:
        own = max(1, min(len(tests), math.ceil(shards * sum(tests) / most))) if most else 1
        fixed = fleet.setup + fleet.collect * len(tests)
        jobs += [fixed + fleet.slowdown * work for work in split(tests, own)]
    free = [0.0] * fleet.runners
    for seconds in sorted(jobs, reverse=True):
        heapq.heapreplace(free, free[0] + seconds)
    jobs.append(fleet.setup + fleet.fan_in)
    minutes = sum(math.ceil(seconds / _MINUTE) for seconds in jobs)
    return Outcome(
        shards=shards,
        jobs=len(jobs),
        wall=max(free) + jobs[-1],
        minutes=minutes,
        cost=minutes * fleet.price,
    )


def knee(outcomes: Sequence[Outcome]) -> Outcome:
    """The last split that still saves a tenth of the wall time of the one before it."""
    best = outcomes[0]
    for before, after in pairwise(outcomes):
        if after.wall > 0.9 * before.wall:
            break
        best = after
    return best


def recorded(root: Path) -> list[float]:
    """The durations of every test of the last full runs.

    Raises:
        CovernanceError: There is no result.
    """
    results = (snapshot.read(Layout(root).snapshot(suite.name)) for suite in load(root).suites)
    return [test.seconds for result in results for test in result.tests.values()]


def drawn(pool: Sequence[float], tests: int, suites: int) -> list[list[float]]:
    """Suites of tests whose durations are drawn from `pool`, the same every time."""
    chance = random.Random(_SEED)  # noqa: S311 - a simulation
    return [chance.choices(pool, k=size) for size in sizes(tests, suites)]


@click.command()
@click.option("--tests", type=click.IntRange(min=1), help="Only this many tests.")
@click.option("--suites", type=click.IntRange(min=1), help="Only this many suites.")
@click.option("--runners", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--setup", type=float, default=25.0, show_default=True, help="Seconds a job.")
@click.option("--collect", type=float, default=0.002, show_default=True, help="Seconds a test.")
@click.option("--slowdown", type=float, default=1.6, show_default=True, help="Ratio to bare.")
@click.option("--fan-in", type=float, default=20.0, show_default=True, help="Seconds.")
@click.option("--price", type=float, default=0.006, show_default=True, help="Of a minute.")
@click.option(
    "--touched", type=float, default=0.1, show_default=True, help="Part of suites a change runs."
)
@click.option(
    "--stretch",
    type=float,
    default=1.0,
    show_default=True,
    help="Make every test this much longer.",
)
def main(
    tests: int | None, suites: int | None, touched: float, stretch: float, **machines: float
) -> None:
    """Print wall time, runner-minutes and cost against shards, with and without affected suites."""
    fleet = msgspec.convert(machines, Fleet, strict=False)
    try:
        pool = [seconds * stretch for seconds in recorded(Path.cwd())]
    except CovernanceError as error:
        raise click.ClickException(str(error)) from error
    grid = [pair for pair in _GRID if tests in {None, pair[0]} and suites in {None, pair[1]}]
    click.echo("| tests | suites | run | one shard | best | at best | 64 shards |")
    click.echo("|---:|---:|---|---:|---:|---:|---:|")
    for count, number in grid or [(tests or 1_000, suites or 3)]:
        for name, chosen in _runs(drawn(pool, count, number), touched):
            outcomes = [outcome(chosen, shards, fleet) for shards in _SHARDS]
            best = knee(outcomes)
            told = [_told(one) for one in (outcomes[0], best, outcomes[-1])]
            told.insert(1, str(best.shards))
            click.echo(f"| {count:,} | {number} | {name} | {' | '.join(told)} |")


def _told(one: Outcome) -> str:
    """Wall time as minutes and seconds, runner-minutes, cost."""
    wall = f"{int(one.wall // _MINUTE)}:{int(one.wall % _MINUTE):02}"
    return f"{wall} · {one.minutes} · {one.cost:.2f}"


def _runs(suites: list[list[float]], touched: float) -> list[tuple[str, list[list[float]]]]:
    """All suites; those that a change touches; all, the others of them reused in their jobs."""
    few = max(1, round(touched * len(suites)))
    chance = random.Random(_SEED)  # noqa: S311 - a simulation
    chosen = set(chance.sample(range(len(suites)), few))
    return [
        ("all", suites),
        ("affected", [suite for index, suite in enumerate(suites) if index in chosen]),
        ("reused", [suite if index in chosen else [] for index, suite in enumerate(suites)]),
    ]


if __name__ == "__main__":
    main(prog_name="python -m bench.simulate")
