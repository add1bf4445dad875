"""Inspect the environments of suites and interpret pytest arguments in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from covernance.agent.client import Agent
from covernance.agent.environment import Prepare, Prepared
from covernance.config import Suite
from covernance.engine.arguments import PytestArguments
from covernance.errors import CovernanceError
from covernance.judgement import Judgement
from covernance.machine import count_cpus
from covernance.run.failures import Failures, join_failures, name_suite

_VARIABLE = "PYTEST_ADDOPTS"
"""pytest's variable for arguments of one run, which the agent reads too."""


def interpret(
    arguments: PytestArguments,
    suites: Sequence[Suite],
    agents: Mapping[str, Agent],
    environ: Mapping[str, str],
) -> PytestArguments:
    """Interpret the user's pytest arguments with the pytest of the first suite that can.

    Raises:
        CovernanceError: pytest rejects them, or is not installed, in every suite's environment.
    """
    if not arguments.rest and not environ.get(_VARIABLE):
        return arguments
    errors: list[CovernanceError] = []
    for suite in suites:
        task = Prepare(tests=suite.tests, arguments=arguments.rest)
        try:
            meaning = agents[suite.name].ask(task, Prepared).arguments
        except CovernanceError as error:
            errors.append(error)
            continue
        return msgspec.structs.replace(arguments, meaning=meaning) if meaning else arguments
    raise errors[0]


def list_unused_floors(
    prepared: Mapping[str, Prepared], judgements: Mapping[str, Judgement]
) -> list[str]:
    """Say that coverage.py's `fail_under` is not used if it is higher than the floor of a suite."""
    lower: dict[float, list[str]] = {}
    for name, ready in prepared.items():
        percent = judgements[name].floor.percent
        if ready.fail_under > percent:
            lower.setdefault(ready.fail_under, []).append(f"{name} {percent} %")
    return [
        f"coverage.py's fail_under = {value:g} is not used; floors in force: {', '.join(floors)}"
        for value, floors in lower.items()
    ]


def prepare(
    suites: Sequence[Suite], agents: Mapping[str, Agent], work: Path
) -> dict[str, Prepared]:
    """Inspect the environment of each suite and generate its coverage.py settings.

    Args:
        suites: The suites.
        agents: Their agents.
        work: The parent of the folders, one per suite, of generated settings.

    Raises:
        CovernanceError: An environment lacks pytest or coverage, settings can't be read, or a suite
            has a source without Python files or a marker expression that pytest can't read.
    """
    prepared, failures = prepare_each(suites, agents, work)
    if failures:
        raise join_failures(failures)
    return prepared


def prepare_each(
    suites: Sequence[Suite], agents: Mapping[str, Agent], work: Path
) -> tuple[dict[str, Prepared], Failures]:
    """Prepare each suite like `prepare`; return also, by suite, why others can't be prepared."""

    def ask(suite: Suite) -> Prepared | CovernanceError:
        task = Prepare(source=suite.source, select=suite.select, folder=work / suite.name)
        try:
            return agents[suite.name].ask(task, Prepared)
        except CovernanceError as error:
            return name_suite(suite.name, error)

    with ThreadPoolExecutor(max_workers=count_cpus()) as pool:
        answers = dict(zip((suite.name for suite in suites), pool.map(ask, suites), strict=True))
    prepared = {name: ready for name, ready in answers.items() if isinstance(ready, Prepared)}
    failures = {name: why for name, why in answers.items() if isinstance(why, CovernanceError)}
    return prepared, failures
