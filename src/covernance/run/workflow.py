"""Run suites: reuse the results of unchanged suites, measure the others."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from covernance.agent.client import Agent
from covernance.config import Table
from covernance.context import Context
from covernance.engine.engine import Observer
from covernance.judgement import read_judgement
from covernance.layout import Layout
from covernance.model.suite_result import SuiteResult
from covernance.reuse.policy import explain_no_reuse
from covernance.reuse.workflow import Reuse
from covernance.run.preparing import prepare
from covernance.run.request import Request


def plan_commands(
    table: Table, request: Request, agents: Mapping[str, Agent]
) -> list[tuple[str, ...]]:
    """Return the commands that a request would run, with the folders it would create.

    Raises:
        CovernanceError: A theme is unknown, or an environment lacks pytest or coverage.
    """
    from covernance.run.measuring import list_commands, settings_folder  # noqa: PLC0415 - as below

    work = Layout(table.root).work / "run"
    with tempfile.TemporaryDirectory(prefix="covernance-") as scratch:
        prepared = {
            name: msgspec.structs.replace(
                ready, settings=str(settings_folder(work) / name / Path(ready.settings or "").name)
            )
            for name, ready in prepare(request.suites, agents, Path(scratch)).items()
        }
        return list_commands(table, request, work, Path(scratch), prepared)


def run_suites(
    table: Table, request: Request, agents: Mapping[str, Agent], observer: Observer
) -> list[SuiteResult]:
    """Run the suites of a request. The current folder must be the repository's root.

    Raises:
        CovernanceError: Nothing could be measured; earlier results are untouched.
    """
    context = Context(table, request.environ, request.now)
    judgements = {
        suite.name: read_judgement(context, suite, request.fail_under) for suite in request.suites
    }
    reuse = _reuse(table, request)
    results = (
        reuse.reuse_results(request.suites, judgements, agents, observer.note)
        if reuse and _may_reuse(table, request)
        else {}
    )
    if remaining := tuple(suite for suite in request.suites if suite.name not in results):
        # If nothing changed, neither coverage.py nor the report code is needed.
        from covernance.run.measuring import measure  # noqa: PLC0415

        remaining_request = msgspec.structs.replace(request, suites=remaining)
        measured = measure(table, remaining_request, judgements, reuse, agents, observer)
        results |= {result.snapshot.suite: result for result in measured}
    return [results[suite.name] for suite in request.suites if suite.name in results]


def _reuse(table: Table, request: Request) -> Reuse | None:
    """The store of reusable results; None for a partial run, which neither reuses nor stores."""
    arguments = request.arguments
    if request.themes or arguments.narrowing or arguments.meaning.interactive:
        return None
    return Reuse(Context(table, request.environ, request.now), arguments.rest)


def _may_reuse(table: Table, request: Request) -> bool:
    """Whether a stored result may replace a run; it has the standard reports and contexts only."""
    if request.arguments.reports or request.contexts != "theme" or not request.shard.whole:
        return False
    if request.reuse is None:
        return not explain_no_reuse(request.environ, table.default_branch)
    return request.reuse
