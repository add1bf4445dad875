"""Merge the results of all CI jobs; nothing is merged if any result is invalid."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from covernance import files
from covernance.agent.client import Agent
from covernance.agent.reports import Report, Reported
from covernance.agent.suites import Agents
from covernance.collect.arrivals import Arrival, check_checkout
from covernance.config import Suite
from covernance.contents import Contents
from covernance.context import Context
from covernance.engine.theme_result import ThemeResult
from covernance.errors import InputError
from covernance.git.listing import list_python_files
from covernance.git.provenance import describe_run
from covernance.judgement import Judgement, judge_stored, read_judgement
from covernance.layout import Layout
from covernance.model import snapshot
from covernance.model.inputs import merge_inputs
from covernance.model.snapshot import SHARDS, FileResult, Provenance, Snapshot
from covernance.model.suite_result import SuiteResult, to_suite_result
from covernance.model.totals import sum_files, sum_theme
from covernance.patch import recorded
from covernance.run import part, publish
from covernance.run.conclude import ThemeResults, conclude


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
    check_checkout(context, arrivals)
    layout = context.layout
    work = files.Workspace(layout.work)
    try:
        change = recorded.find_change(context)
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
            today = msgspec.structs.replace(read_judgement(context, suite), change=change)
            if suite_arrivals[0].planned.shard.whole:
                path = suite_arrivals[0].path
                results.append(_publish_whole(layout, suite, path, today, folder, agent))
            else:
                joined = msgspec.structs.replace(
                    source,
                    contents=contents.of_suite(
                        suite, {path for arrival in suite_arrivals for path in arrival.contents}
                    ),
                )
                results.append(
                    _join_shards(layout, suite, suite_arrivals, today, joined, folder, agent)
                )
        return results
    finally:
        work.close()


def _publish_whole(
    layout: Layout, suite: Suite, path: Path, today: Judgement, work: Path, agent: Agent
) -> SuiteResult:
    """Publish an unsplit suite, counted from its data, and check its floor again."""
    measured = snapshot.read(path)
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
        themes=tuple(measured.themes),
        reports=tuple(targets.values()),
    )
    reported = agent.ask(report, Reported)
    if not reported.data or reported.unreadable:
        msg = f"{delivered}: {reported.unreadable or 'no coverage data'}; run the suite again"
        raise InputError(msg)
    result = judge_stored(suite, _recount(measured, reported.files), today)
    if today.change and measured.files != reported.files:
        patch = recorded.ask_patch(layout.root, suite, result, today.change, agent)
        result = msgspec.structs.replace(result, patch=patch)
    junit_report = _copy_junit(layout.junit(suite.name), path.parent, work)
    published = publish.publish_complete(result, targets, report.target, layout, junit_report)
    return to_suite_result(result, published)


def _recount(measured: Snapshot, counted: Mapping[str, FileResult]) -> Snapshot:
    """Replace the counts that a snapshot claims by those of its data."""
    themes = {}
    for theme, cell in measured.themes.items():
        counts = sum_theme(counted, theme)
        themes[theme] = msgspec.structs.replace(cell, raw=counts.raw, earned=counts.earned)
    return msgspec.structs.replace(
        measured, total=sum_files(counted), themes=themes, files=dict(counted)
    )


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
