"""What the jobs of a matrix run: every suite, each split into its shards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from covernance import files
from covernance.config import Suite, Table
from covernance.engine.shard import Shard
from covernance.git.provenance import read_head
from covernance.history.store import Entry, StoreListing
from covernance.layout import Layout
from covernance.model import document

_AGAIN = "run `covernance plan --format github`"

Durations = dict[str, dict[str, float]]
"""How many seconds each test took, by suite."""


class Planned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One job: a suite, or one shard of it."""

    suite: str
    shard: Shard = Shard()

    @property
    def name(self) -> str:
        """As jobs and artifacts carry it: `api`, or `api-2-of-3`."""
        return self.shard.part(self.suite)


class Decision(msgspec.Struct, frozen=True):
    """What becomes of a suite, and why; `entry` is what stands for it, None where it runs."""

    reasons: tuple[str, ...]
    entry: Entry | None = None


class LeftOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a suite does not run, and the earlier result that stands for it."""

    reason: str
    entry: Entry


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to run at one commit.

    Attributes:
        commit: The commit that every job checks out.
        config: The digest of the table.
        jobs: What runs.
        durations: What suites of more than one shard are split by, the same for every shard.
        reasons: Why each suite runs, where only those are to run that a change touches.
        left_out: The suites that do not run, each with the result that stands for it.
    """

    commit: str | None
    config: str
    jobs: tuple[Planned, ...]
    durations: Durations = {}
    reasons: dict[str, tuple[str, ...]] = {}
    left_out: dict[str, LeftOut] = {}

    def shards(self, suite: str) -> tuple[Shard, ...]:
        """The shards of a suite; none where it is left out."""
        return tuple(job.shard for job in self.jobs if job.suite == suite)


def plan_jobs(
    table: Table, history: StoreListing, decisions: Mapping[str, Decision] | None = None
) -> Plan:
    """Plan the suites of the table.

    Args:
        table: The table.
        history: Knows how long tests took.
        decisions: What becomes of each suite; None to run them all.

    Raises:
        CovernanceError: The store can't be read.
    """
    decided = decisions or {}
    left_out = {
        name: LeftOut(decision.reasons[0], decision.entry)
        for name, decision in decided.items()
        if decision.entry
    }
    running = [suite for suite in table.suites if suite.name not in left_out]
    jobs = [
        Planned(suite.name, Shard(number, suite.shards))
        for suite in running
        for number in range(1, suite.shards + 1)
    ]
    split = [suite for suite in running if suite.shards > 1]
    return Plan(
        commit=read_head(table.root),
        config=table.digest(),
        jobs=tuple(jobs),
        durations={suite.name: _durations(suite, history) for suite in split},
        reasons={
            suite.name: decided[suite.name].reasons for suite in running if suite.name in decided
        },
        left_out=left_out,
    )


def _durations(suite: Suite, history: StoreListing) -> dict[str, float]:
    """Those of the newest result that is kept, whatever its branch; none before the first."""
    entries = history.of(suite.name)
    if not entries:
        return {}
    newest = history.read(entries[-1])
    return {name: test.seconds for name, test in newest.tests.items()}


def write(table: Table, made: Plan) -> Path:
    """Write the plan where shards and `collect` look for it."""
    path = Layout(table.root).plan
    files.write_atomic(path, msgspec.json.encode(made, order="sorted"))
    return path


def read(path: Path) -> Plan:
    """Read a plan.

    Raises:
        InputError: It can't be read or is damaged.
    """
    return document.read(path, Plan, "a plan", _AGAIN)


def durations(table: Table) -> Durations:
    """The durations of the plan that lies here; none without a plan."""
    path = Layout(table.root).plan
    return read(path).durations if path.exists() else {}
