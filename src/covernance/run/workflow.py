"""Run suites: reuse the results of unchanged suites, measure the others."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from covernance.agent.client import Agent
from covernance.context import Context
from covernance.engine.engine import Observer
from covernance.git.default_branch import find_default_branch
from covernance.judgement import read_judgement
from covernance.model.suite_result import SuiteResult
from covernance.reuse.policy import explain_no_reuse
from covernance.reuse.workflow import Reuse
from covernance.run.failures import Failures, join_failures
from covernance.run.preparing import prepare
from covernance.run.request import Request
from covernance.run.scope import list_requested_reasons


def plan_commands(
    context: Context, request: Request, agents: Mapping[str, Agent]
) -> list[tuple[str, ...]]:
    """Return the commands that a request would run, with the folders it would create.

    Raises:
        CovernanceError: A theme is unknown, or an environment lacks pytest or coverage.
    """
    from covernance.run.measuring import list_commands, settings_folder  # noqa: PLC0415 - as below

    work = context.layout.work / "run"
    with tempfile.TemporaryDirectory(prefix="covernance-") as scratch:
        prepared = {
            name: msgspec.structs.replace(
                ready, settings=str(settings_folder(work) / name / Path(ready.settings or "").name)
            )
            for name, ready in prepare(request.suites, agents, Path(scratch)).items()
        }
        return list_commands(context, request, work, Path(scratch), prepared)


def run_suites(
    context: Context, request: Request, agents: Mapping[str, Agent], observer: Observer
) -> tuple[list[SuiteResult], Failures]:
    """Run the suites of a request. The current folder must be the repository's root.

    Returns:
        The results, and why suites could not be measured if others were.

    Raises:
        CovernanceError: No suite could be measured; earlier results are untouched.
    """
    judgements = {
        suite.name: read_judgement(context, suite, request.fail_under) for suite in request.suites
    }
    reuse = _reuse(context, request)
    results = (
        reuse.reuse_results(request.suites, judgements, agents, observer.note)
        if reuse and _may_reuse(context, request)
        else {}
    )
    failures: Failures = {}
    if remaining := tuple(suite for suite in request.suites if suite.name not in results):
        # A run that reuses every result does not pay for these modules.
        from covernance.run.measuring import measure  # noqa: PLC0415

        remaining_request = msgspec.structs.replace(request, suites=remaining)
        measured = measure(context, remaining_request, judgements, reuse, agents, observer)
        results |= {result.snapshot.suite: result for result in measured.results}
        failures = measured.failures
    if failures and not results:
        raise join_failures(failures)
    return [results[suite.name] for suite in request.suites if suite.name in results], failures


def _reuse(context: Context, request: Request) -> Reuse | None:
    """The store of reusable results; None for a partial run, which neither reuses nor stores."""
    arguments = request.arguments
    if list_requested_reasons(request) or arguments.meaning.interactive:
        return None
    return Reuse(context, arguments.rest)


def _may_reuse(context: Context, request: Request) -> bool:
    """Whether a stored result may replace a run; it has the standard reports and contexts only."""
    if request.arguments.reports or request.contexts != "theme" or not request.shard.whole:
        return False
    if request.reuse is None:
        return not explain_no_reuse(context.environ, find_default_branch(context))
    return request.reuse
