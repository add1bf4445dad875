"""Run suites: reuse the results of those that nothing changed, measure the others."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from covernance.agent.client import Agent
from covernance.config import Table
from covernance.engine.processes import Observer
from covernance.judgement import read_judgement
from covernance.layout import Layout
from covernance.model.suite_result import SuiteResult
from covernance.reuse.policy import forbidden
from covernance.reuse.workflow import Reuse
from covernance.run.preparing import prepare
from covernance.run.request import Request


def plan_commands(
    table: Table, request: Request, agents: Mapping[str, Agent]
) -> list[tuple[str, ...]]:
    """The commands that a request would run, with the folders that it would make.

    Raises:
        CovernanceError: A theme is not known, or an environment lacks pytest or coverage.
    """
    from covernance.run.measuring import plan, settings_folder  # noqa: PLC0415 - as below

    work = Layout(table.root).work / "run"
    with tempfile.TemporaryDirectory(prefix="covernance-") as scratch:
        prepared = {
            name: msgspec.structs.replace(
                one, settings=str(settings_folder(work) / name / Path(one.settings or "").name)
            )
            for name, one in prepare(request.suites, agents, Path(scratch)).items()
        }
        return [one.command for one in plan(table, request, work, Path(scratch), prepared)]


def run_suites(
    table: Table, request: Request, agents: Mapping[str, Agent], observer: Observer
) -> list[SuiteResult]:
    """Run a request from the repository's root, which must be the current folder.

    Raises:
        CovernanceError: Nothing could be measured; earlier results are untouched.
    """
    judgements = {
        suite.name: read_judgement(table, suite, request.environ, request.now, request.fail_under)
        for suite in request.suites
    }
    reuse = _reuse(table, request)
    may = reuse and _may_reuse(table, request)
    results = (
        reuse.stand_ins(request.suites, judgements, agents, observer.note) if reuse and may else {}
    )
    if rest := tuple(suite for suite in request.suites if suite.name not in results):
        # A run in which nothing changed needs neither coverage.py nor what makes reports.
        from covernance.run.measuring import measure  # noqa: PLC0415

        left = msgspec.structs.replace(request, suites=rest)
        measured = measure(table, left, judgements, reuse, agents, observer)
        results |= {result.snapshot.suite: result for result in measured}
    return [results[suite.name] for suite in request.suites if suite.name in results]


def _reuse(table: Table, request: Request) -> Reuse | None:
    """What reuses results and records what they depended on; nothing does for a selection."""
    given = request.arguments
    if request.themes or given.narrowing or given.meaning.interactive:
        return None
    return Reuse(table, request.environ, given.rest, request.now)


def _may_reuse(table: Table, request: Request) -> bool:
    """Whether an earlier result would do; it is whole, with the usual reports and contexts."""
    if request.arguments.reports or request.contexts != "theme" or not request.shard.whole:
        return False
    if request.reuse is None:
        return not forbidden(request.environ, table.default_branch)
    return request.reuse
