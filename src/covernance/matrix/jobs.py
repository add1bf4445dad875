"""The jobs of a CI matrix: one per suite and shard."""

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
"""The seconds of each test, by suite."""


class Planned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One job: a suite, or one shard of it."""

    suite: str
    shard: Shard = Shard()

    @property
    def name(self) -> str:
        """The name of the job and its artifact: `api`, or `api-2-of-3`."""
        return self.shard.part(self.suite)


class Decision(msgspec.Struct, frozen=True):
    """Whether a suite runs, and why; `entry` is the result used instead, None if it runs."""

    reasons: tuple[str, ...]
    entry: Entry | None = None


class LeftOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a suite does not run, and the stored result that is used instead."""

    reason: str
    entry: Entry


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The jobs for one commit.

    Attributes:
        commit: The commit that every job checks out.
        config: The digest of the table.
        jobs: The jobs to run.
        durations: The durations by which sharded suites are split, the same for each shard.
        reasons: Why each suite runs, if only affected suites run.
        left_out: The suites that do not run, each with the stored result used instead.
    """

    commit: str | None
    config: str
    jobs: tuple[Planned, ...]
    durations: Durations = {}
    reasons: dict[str, tuple[str, ...]] = {}
    left_out: dict[str, LeftOut] = {}

    def shards(self, suite: str) -> tuple[Shard, ...]:
        """The shards of a suite; none if it is left out."""
        return tuple(job.shard for job in self.jobs if job.suite == suite)


def plan_jobs(
    table: Table, history: StoreListing, decisions: Mapping[str, Decision] | None = None
) -> Plan:
    """Plan the suites of the table.

    Args:
        table: The table.
        history: The stored results, for durations of tests.
        decisions: Whether each suite runs; None to run all.

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
    """The durations of the newest stored result of any branch; empty before the first."""
    entries = history.of(suite.name)
    if not entries:
        return {}
    newest = history.read(entries[-1])
    return {name: test.seconds for name, test in newest.tests.items()}


def write(plan: Plan, layout: Layout) -> Path:
    """Write the plan to the file that shards and `collect` read."""
    files.write_atomic(layout.plan, msgspec.json.encode(plan, order="sorted"))
    return layout.plan


def read(path: Path) -> Plan:
    """Read a plan.

    Raises:
        InputError: It can't be read or is damaged.
    """
    return document.read(path, Plan, "a plan", _AGAIN)


def durations(layout: Layout) -> Durations:
    """The durations of the stored plan; empty without a plan."""
    return read(layout.plan).durations if layout.plan.exists() else {}
