"""Find the results of CI jobs, and check that they belong to the plan and to this checkout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from covernance.config import UNTHEMED, Table
from covernance.contents import Contents
from covernance.context import Context
from covernance.errors import InputError
from covernance.git.committed_results import list_committed, reject_committed
from covernance.git.provenance import read_head
from covernance.matrix.jobs import Plan, Planned
from covernance.model import snapshot
from covernance.model.snapshot import Provenance
from covernance.model.text import escape_unprintable, short_commit
from covernance.run import part

_SNAPSHOTS = "*.snapshot.json"


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one job: a suite's snapshot, or a shard's part.json.

    Attributes:
        planned: The job.
        path: The file.
        commit: The commit that was checked out when the job began to measure.
        dirty: Whether the checkout had uncommitted changes.
        config: The digest of the table.
        contents: A digest per source, test and settings file of the suite.
        themes: The themes that ran.
    """

    planned: Planned
    path: Path
    commit: str | None
    dirty: bool | None
    config: str
    contents: dict[str, str]
    themes: frozenset[str]


class Arrivals(msgspec.Struct, frozen=True, kw_only=True):
    """The downloaded results, and the planned jobs without one."""

    arrived: tuple[Arrival, ...]
    missing: tuple[Planned, ...]

    @property
    def complete(self) -> tuple[Arrival, ...]:
        """The results of suites for which no job is missing."""
        return tuple(
            arrival for arrival in self.arrived if not self._is_incomplete(arrival.planned.suite)
        )

    def _is_incomplete(self, suite: str) -> bool:
        return any(job.suite == suite for job in self.missing)


def find_arrivals(folder: Path, plan: Plan, table: Table) -> Arrivals:
    """Find the results of jobs, and check them against the plan and the table.

    Args:
        folder: The downloaded results, in any folder structure.
        plan: The planned jobs.
        table: The suites and their themes. Results must not name others: names become paths.

    Raises:
        InputError: A result is duplicated, unplanned, damaged, from another commit or table or of
            uncommitted changes, came with a commit, lacks a theme of its suite, or names a suite
            or theme that the table lacks.
    """
    arrived: dict[Planned, Arrival] = {}
    committed = {folder / name for name in list_committed(folder)}
    for arrival in [*_snapshots(folder), *_parts(folder)]:
        if arrival.planned not in plan.jobs:
            msg = f"{arrival.path}: {arrival.planned.name} is not part of the plan"
            raise InputError(msg)
        if other := arrived.get(arrival.planned):
            msg = f"two results of {arrival.planned.name}: {other.path} and {arrival.path}; "
            msg += "delete one"
            raise InputError(msg)
        for origin, actual, planned in (
            ("at commit", arrival.commit, plan.commit),
            ("with table", arrival.config, plan.config),
        ):
            if actual != planned:
                msg = f"{arrival.path}: measured {origin} {actual}, "
                msg += f"but the plan is for {planned}; run it again"
                raise InputError(msg)
        if arrival.dirty:
            msg = f"{arrival.path}: measured with uncommitted changes at commit {arrival.commit}, "
            msg += (
                f"but the plan is for commit {plan.commit}; let the job {arrival.planned.name} run "
            )
            msg += "`git status` before its tests, and begin with a clean checkout"
            raise InputError(msg)
        _check_names(arrival, table)
        if arrival.path in committed:
            reject_committed(arrival.path)
        arrived[arrival.planned] = arrival
    missing = tuple(job for job in plan.jobs if job not in arrived)
    return Arrivals(arrived=tuple(arrived.values()), missing=missing)


def _check_names(arrival: Arrival, table: Table) -> None:
    """Check that the table has the suite and that the result has exactly its themes."""
    name = arrival.planned.suite
    suite = next((suite for suite in table.suites if suite.name == name), None)
    if suite is None:
        msg = f"{arrival.path}: the table has no suite {name!r}; run every job again"
        raise InputError(msg)
    unknown = sorted(arrival.themes - {*suite.themes, UNTHEMED})
    missing = sorted(set(suite.themes) - arrival.themes)
    for verb, themes in (("has", unknown), ("lacks", missing)):
        if themes:
            msg = f"{arrival.path}: {verb} {', '.join(map(repr, themes))}; themes of {name}: "
            msg += f"{', '.join(suite.themes)}; run all of {arrival.planned.name} again"
            raise InputError(msg)


def check_checkout(context: Context, arrivals: Iterable[Arrival]) -> None:
    """Check that results are of the commit that is checked out, and of its content.

    Raises:
        InputError: One is not.
    """
    here = Contents(context)
    head = read_head(context.root)
    for arrival in arrivals:
        name = arrival.planned.name
        if arrival.commit != head:
            msg = f"{arrival.path}: {name} was measured at commit {arrival.commit}, "
            msg += f"but this checkout is at {head}; check out that commit"
            raise InputError(msg)
        now = here.of_suite(context.table.suite(arrival.planned.suite), arrival.contents)
        other = sorted(path for path, _ in arrival.contents.items() ^ now.items())
        if other:
            more = f" and {len({*other}) - 1} more" if len({*other}) > 1 else ""
            at = short_commit(arrival.commit, "no commit")
            msg = f"{arrival.path}: {name} was measured at {at} with another content of "
            msg += (
                f"{escape_unprintable(other[0])}{more} than this checkout of it has; run the job "
            )
            msg += "again, and collect in a clean checkout"
            raise InputError(msg)


def _snapshots(folder: Path) -> Iterator[Arrival]:
    for path in sorted(folder.rglob(_SNAPSHOTS)):
        result = snapshot.read(path)
        yield _arrive(path, Planned(result.suite), result.provenance, result.themes)


def _parts(folder: Path) -> Iterator[Arrival]:
    for path in sorted(folder.rglob(part.FILE)):
        shard = part.read(path)
        yield _arrive(path, Planned(shard.suite, shard.shard), shard, shard.themes)


def _arrive(
    path: Path, planned: Planned, source: Provenance | part.Part, themes: Iterable[str]
) -> Arrival:
    return Arrival(
        planned=planned,
        path=path,
        commit=source.commit,
        dirty=source.dirty,
        config=source.config,
        contents=source.contents,
        themes=frozenset(themes),
    )
