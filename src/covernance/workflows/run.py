"""Run suites: reuse the results of those that nothing changed, measure the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from covernance.config import Suite, Table
from covernance.measure.arguments import PytestArguments
from covernance.measure.run import Observer
from covernance.measure.shard import Shard
from covernance.policy.reuse import forbidden
from covernance.workflows.judgement import judgement
from covernance.workflows.result import SuiteResult
from covernance.workflows.reuse import Reuse


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to run.

    Attributes:
        suites: The suites, in the order of the report.
        themes: A subset of themes, or None for all.
        fail_under: The option's text, or None.
        arguments: What the user gave for pytest.
        jobs: How many passes run side by side.
        color: Whether pytest's output is shown in color.
        environ: The environment that floors and provenance are read from.
        now: When the run began, with a time zone.
        shard: Which part of each suite's tests.
        durations: How many seconds each test took, by suite; what shards are split by.
        contexts: What has a coverage context of its own.
        reuse: Whether an earlier result may stand in; None leaves it to the policy.
    """

    suites: tuple[Suite, ...]
    themes: tuple[str, ...] | None
    fail_under: str | None
    arguments: PytestArguments
    jobs: int
    color: bool
    environ: Mapping[str, str]
    now: datetime
    shard: Shard = Shard()
    durations: Mapping[str, Mapping[str, float]] = {}
    contexts: Literal["theme", "test"] = "theme"
    reuse: bool | None = None


def run(table: Table, request: Request, observer: Observer) -> list[SuiteResult]:
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
        from covernance.workflows.measuring import measure  # noqa: PLC0415

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
