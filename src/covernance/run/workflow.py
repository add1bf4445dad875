"""Run suites: reuse the results of those that nothing changed, measure the others."""

from __future__ import annotations

import msgspec

from covernance.config import Table
from covernance.engine.processes import Observer
from covernance.judgement import judgement
from covernance.model.suite_result import SuiteResult
from covernance.reuse.policy import forbidden
from covernance.reuse.workflow import Reuse
from covernance.run.request import Request


def run_suites(table: Table, request: Request, observer: Observer) -> list[SuiteResult]:
    """Run a request from the repository's root, which must be the current folder.

    Raises:
        CovernanceError: Nothing could be measured; earlier results are untouched.
    """
    judgements = {
        suite.name: judgement(table, suite, request.environ, request.now, request.fail_under)
        for suite in request.suites
    }
    reuse = _reuse(table, request)
    may = reuse and _may_reuse(table, request)
    results = reuse.stand_ins(request.suites, judgements, observer.told) if reuse and may else {}
    if rest := tuple(suite for suite in request.suites if suite.name not in results):
        # A run in which nothing changed needs neither coverage.py nor what makes reports.
        from covernance.run.measuring import measure  # noqa: PLC0415

        left = msgspec.structs.replace(request, suites=rest)
        measured = measure(table, left, judgements, reuse, observer)
        results |= {result.snapshot.suite: result for result in measured}
    return [results[suite.name] for suite in request.suites if suite.name in results]


def _reuse(table: Table, request: Request) -> Reuse | None:
    """What reuses results and keeps what they depended on; nothing does for a selection."""
    given = request.arguments
    if request.themes or given.narrowing or given.interactive or not request.shard.whole:
        return None
    return Reuse(table, request.environ, given.rest, request.now)


def _may_reuse(table: Table, request: Request) -> bool:
    """Whether an earlier result would do; it has no reports or contexts beyond the usual."""
    if request.arguments.reports or request.contexts != "theme":
        return False
    if request.reuse is None:
        return not forbidden(request.environ, table.default_branch)
    return request.reuse
