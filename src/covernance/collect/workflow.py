"""Merge the results of all CI jobs; nothing is merged if any result is invalid."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from covernance import files
from covernance.agent.client import Agent
from covernance.agent.reports import Report, Reported
from covernance.agent.suites import Agents
from covernance.config import UNTHEMED, Suite, Table
from covernance.contents import Contents
from covernance.context import Context
from covernance.engine.theme_result import ThemeResult
from covernance.errors import InputError
from covernance.git.listing import list_python_files
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
from covernance.run.conclude import ThemeResults, conclude

_SNAPSHOTS = "*.snapshot.json"


class Arrival(msgspec.Struct, frozen=True):
    """The result of one job: a suite's snapshot, or a shard's part.json."""

    planned: Planned
    path: Path
    commit: str | None
    config: str
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
        InputError: A result is duplicated, unplanned, damaged, from another commit or table, lacks
            a theme of its suite, or names a suite or theme that the table lacks.
    """
    arrived: dict[Planned, Arrival] = {}
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
        _check_names(arrival, table)
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


def collect(context: Context, arrivals: Sequence[Arrival], agents: Agents) -> list[SuiteResult]:
    """Publish the suites; combine the shards of split ones. Floors are checked again.

    Args:
        context: The context; the table's folder must be the current one.
        arrivals: The results of jobs, complete for each suite.
        agents: Finds the agent of a suite.

    Raises:
        CovernanceError: A result is damaged. The suites after it in the table keep their earlier
            results.
    """
    layout = context.layout
    work = files.Workspace(layout.work)
    try:
        split = any(not arrival.planned.shard.whole for arrival in arrivals)
        change = recorded.find_change(context) if split else None
        contents = Contents(context)
        source = msgspec.structs.replace(describe_run(context), source=SHARDS)
        results = []
        for suite in context.table.suites:
            suite_arrivals = sorted(
                (arrival for arrival in arrivals if arrival.planned.suite == suite.name),
                key=lambda arrival: arrival.planned.shard,
            )
            if not suite_arrivals:
                continue
            folder, agent = work.path / suite.name, agents(suite)
            today = read_judgement(context, suite)
            if suite_arrivals[0].planned.shard.whole:
                path = suite_arrivals[0].path
                results.append(_publish_whole(layout, suite, path, today, folder, agent))
            else:
                today = msgspec.structs.replace(today, change=change)
                joined = msgspec.structs.replace(source, contents=contents.of_suite(suite))
                results.append(
                    _join_shards(layout, suite, suite_arrivals, today, joined, folder, agent)
                )
        return results
    finally:
        work.close()


def _snapshots(folder: Path) -> list[Arrival]:
    suites = []
    for path in sorted(folder.rglob(_SNAPSHOTS)):
        result = snapshot.read(path)
        source = result.provenance
        planned, themes = Planned(result.suite), frozenset(result.themes)
        suites.append(Arrival(planned, path, source.commit, source.config, themes))
    return suites


def _parts(folder: Path) -> list[Arrival]:
    shards = []
    for path in sorted(folder.rglob(part.FILE)):
        shard = part.read(path)
        planned, themes = Planned(shard.suite, shard.shard), frozenset(shard.themes)
        shards.append(Arrival(planned, path, shard.commit, shard.config, themes))
    return shards


def _publish_whole(
    layout: Layout, suite: Suite, path: Path, today: Judgement, work: Path, agent: Agent
) -> SuiteResult:
    """Publish an unsplit suite from its data, and check its floor again."""
    result = judge_stored(suite, snapshot.read(path), today)
    delivered = path.parent / "data" / suite.name / ".coverage"
    if not delivered.is_file():
        msg = f"{delivered}: file not found; upload hidden files with the job's results"
        raise InputError(msg)
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
        msg = f"{delivered}: no coverage data; run the suite again"
        raise InputError(msg)
    junit_report = _copy_junit(layout.junit(suite.name), path.parent, work)
    published = publish.publish_complete(result, targets, report.target, layout, junit_report)
    return to_suite_result(result, published)


def _copy_junit(target: Path, folder: Path, work: Path) -> dict[Path, Path]:
    """Copy the JUnit XML that came with a suite, if there is one, to be moved into its place."""
    delivered = folder / target.name
    if not delivered.is_file():
        return {}
    staged = work / target.name
    shutil.copyfile(delivered, staged)
    return {target: staged}


def _join_shards(
    layout: Layout,
    suite: Suite,
    arrived: Sequence[Arrival],
    today: Judgement,
    source: Provenance,
    work: Path,
    agent: Agent,
) -> SuiteResult:
    """Conclude a suite from the data of all its shards."""
    results: list[ThemeResult] = []
    parts = {arrival.path: part.read(arrival.path) for arrival in arrived}
    for path, shard in parts.items():
        if shard.partial:
            msg = (
                f"{path}: partial run ({'; '.join(shard.partial)}), so its floors can't be checked"
            )
            raise InputError(f"{msg}; run the complete shard")
        results += part.read_results(shard, path.parent)
    first = parts[arrived[0].path]
    source = msgspec.structs.replace(
        source, python=first.python, platform=first.platform, tools=first.tools
    )
    (inventory,) = list_python_files(layout.root, [suite.source])
    themes = ThemeResults(
        results=results,
        inventory=inventory,
        problems=part.find_gaps(results),
        inputs=merge_inputs([shard.inputs for shard in parts.values()]),
        where=os.path.commonpath([result.folder for result in results]),
    )
    return conclude(suite, themes, today, source, layout, work, (), agent)
