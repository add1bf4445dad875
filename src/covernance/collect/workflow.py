"""Take in what the jobs of a matrix measured, all of it or none."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from covernance import files
from covernance.agent.client import Agent
from covernance.agent.reports import Report, Reported
from covernance.agent.suites import Agents
from covernance.config import UNTHEMED, Suite, Table
from covernance.errors import InputError
from covernance.git.provenance import describe_run
from covernance.judgement import Judgement, judge_stored, read_judgement
from covernance.layout import Layout
from covernance.matrix.jobs import Plan, Planned
from covernance.model import snapshot
from covernance.model.inputs import merge_inputs
from covernance.model.snapshot import SHARDS, Provenance
from covernance.model.suite_result import SuiteResult, to_suite_result
from covernance.patch import recorded
from covernance.run import part, publish
from covernance.run.conclude import Passes, conclude

_SNAPSHOTS = "*.snapshot.json"


class Arrival(msgspec.Struct, frozen=True):
    """What one job brought: a whole suite's snapshot, or a shard's part.json."""

    planned: Planned
    path: Path
    commit: str | None
    config: str
    themes: frozenset[str]


class Arrivals(msgspec.Struct, frozen=True, kw_only=True):
    """What came, and the planned jobs that brought nothing."""

    found: tuple[Arrival, ...]
    missing: tuple[Planned, ...]

    @property
    def complete(self) -> tuple[Arrival, ...]:
        """What came of the suites of which nothing is missing."""
        return tuple(arrival for arrival in self.found if not self._lacks(arrival.planned.suite))

    def _lacks(self, suite: str) -> bool:
        return any(job.suite == suite for job in self.missing)


def arrivals(folder: Path, plan: Plan, table: Table) -> Arrivals:
    """Find what the jobs brought, and hold it against the plan and the table.

    Args:
        folder: Holds what was downloaded, in any arrangement of folders.
        plan: What was to run.
        table: Knows the suites and their themes; what came names folders by them.

    Raises:
        InputError: Something came twice, was not planned, is of another commit or another table,
            lacks a theme of its suite, names what the table does not know, or is damaged.
    """
    found: dict[Planned, Arrival] = {}
    for arrival in [*_snapshots(folder), *_parts(folder)]:
        if arrival.planned not in plan.jobs:
            msg = f"{arrival.path}: {arrival.planned.name} was not planned"
            raise InputError(msg)
        if other := found.get(arrival.planned):
            msg = f"{arrival.path}: {arrival.planned.name} came twice, see {other.path}"
            raise InputError(msg)
        for what, theirs, ours in (
            ("commit", arrival.commit, plan.commit),
            ("table", arrival.config, plan.config),
        ):
            if theirs != ours:
                msg = f"{arrival.path}: is of {what} {theirs}, the plan of {ours}; run it again"
                raise InputError(msg)
        _refuse_strangers(arrival, table)
        found[arrival.planned] = arrival
    missing = tuple(job for job in plan.jobs if job not in found)
    return Arrivals(found=tuple(found.values()), missing=missing)


def _refuse_strangers(arrival: Arrival, table: Table) -> None:
    """Refuse a suite that the table does not have, and any themes but all of the suite's."""
    name = arrival.planned.suite
    suite = next((suite for suite in table.suites if suite.name == name), None)
    if suite is None:
        msg = f"{arrival.path}: the table has no suite {name!r}; run every job again"
        raise InputError(msg)
    unknown = sorted(arrival.themes - {*suite.themes, UNTHEMED})
    missing = sorted(set(suite.themes) - arrival.themes)
    for what, themes in (("has", unknown), ("lacks", missing)):
        if themes:
            msg = f"{arrival.path}: {what} {', '.join(map(repr, themes))}; themes of {name}: "
            msg += f"{', '.join(suite.themes)}; run all of {arrival.planned.name} again"
            raise InputError(msg)


def collect(
    table: Table,
    found: Sequence[Arrival],
    environ: Mapping[str, str],
    now: datetime,
    agents: Agents,
) -> list[SuiteResult]:
    """Put whole suites in place; combine and publish those that were split. Judge both anew.

    Args:
        table: The table; its folder must be the current one.
        found: What the jobs brought, with nothing missing.
        environ: The environment that floors and provenance are read from.
        now: When the collecting began, with a time zone.
        agents: Find the agent that combines a suite's data and writes its reports.

    Raises:
        CovernanceError: Something is damaged; earlier results of the suites that follow it in
            the table are untouched.
    """
    work = files.Workspace(Layout(table.root).work)
    try:
        split = any(not arrival.planned.shard.whole for arrival in found)
        change = recorded.find_change(table, environ) if split else None
        source = msgspec.structs.replace(describe_run(table, environ, now), source=SHARDS)
        results = []
        for suite in table.suites:
            mine = sorted(
                (arrival for arrival in found if arrival.planned.suite == suite.name),
                key=lambda arrival: arrival.planned.shard,
            )
            if not mine:
                continue
            folder = work.path / suite.name
            today = read_judgement(table, suite, environ, now)
            if mine[0].planned.shard.whole:
                results.append(_whole(table, suite, mine[0].path, today, folder, agents(suite)))
            else:
                today = msgspec.structs.replace(today, change=change)
                results.append(_joined(table, suite, mine, today, source, folder, agents(suite)))
        return results
    finally:
        work.close()


def _snapshots(folder: Path) -> list[Arrival]:
    found = []
    for path in sorted(folder.rglob(_SNAPSHOTS)):
        result = snapshot.read(path)
        source = result.provenance
        planned, themes = Planned(result.suite), frozenset(result.themes)
        found.append(Arrival(planned, path, source.commit, source.config, themes))
    return found


def _parts(folder: Path) -> list[Arrival]:
    found = []
    for path in sorted(folder.rglob(part.FILE)):
        read = part.read(path)
        planned, themes = Planned(read.suite, read.shard), frozenset(read.passes)
        found.append(Arrival(planned, path, read.commit, read.config, themes))
    return found


def _whole(
    table: Table, suite: Suite, path: Path, today: Judgement, work: Path, agent: Agent
) -> SuiteResult:
    """Publish a whole suite again from its data, judged anew."""
    result = judge_stored(suite, snapshot.read(path), today)
    delivered = path.parent / "data" / suite.name / ".coverage"
    if not delivered.is_file():
        msg = f"{delivered}: is not there; upload hidden files with the job's results"
        raise InputError(msg)
    layout = Layout(table.root)
    targets = publish.plan_complete(suite.name, (), layout, work)
    report = Report(
        data=(delivered,),
        target=work / "whole" / delivered.name,
        source=suite.source,
        analyses=layout.analyses,
        where=str(delivered),
        reports=tuple(targets.values()),
    )
    if not agent.ask(report, Reported).data:
        msg = f"{delivered}: holds no coverage data; run the suite again"
        raise InputError(msg)
    return to_suite_result(result, publish.publish_complete(result, targets, report.target, layout))


def _joined(
    table: Table,
    suite: Suite,
    arrived: Sequence[Arrival],
    today: Judgement,
    source: Provenance,
    work: Path,
    agent: Agent,
) -> SuiteResult:
    """Conclude a suite from its shards as if one machine had run it."""
    finished = []
    parts = {arrival.path: part.read(arrival.path) for arrival in arrived}
    for path, read in parts.items():
        if read.partial:
            msg = f"{path}: is a selection ({'; '.join(read.partial)}), which gates nothing"
            raise InputError(f"{msg}; run the whole shard")
        finished += part.passes(read, path.parent)
    first = parts[arrived[0].path]
    source = msgspec.structs.replace(
        source, python=first.python, platform=first.platform, tools=first.tools
    )
    passes = Passes(
        finished=finished,
        problems=part.gaps(finished),
        inputs=merge_inputs([read.inputs for read in parts.values()]),
        where=os.path.commonpath([one.planned.folder for one in finished]),
    )
    return conclude(suite, passes, today, source, Layout(table.root), work, (), agent)
