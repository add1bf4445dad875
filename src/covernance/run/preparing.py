"""Get to know the environments of suites, and what the user's arguments mean there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from covernance.agent.client import Agent
from covernance.agent.environment import Prepare, Prepared
from covernance.agent.interpreter import find_interpreter
from covernance.config import Suite, Table
from covernance.engine.arguments import PytestArguments
from covernance.errors import CovernanceError
from covernance.machine import count_cpus


def find_agents(
    table: Table,
    suites: Sequence[Suite],
    environ: Mapping[str, str],
    given: Mapping[str, Path],
) -> dict[str, Agent]:
    """The agent of each suite, in the suite's own environment.

    Args:
        table: The table.
        suites: The suites.
        environ: The environment, which may name an active virtual environment.
        given: The interpreters that the user names, by suite.

    Raises:
        ConfigError: A suite's key `python` names nothing that can be found.
    """
    return {suite.name: Agent(find_interpreter(table, suite, environ, given)) for suite in suites}


def interpret(arguments: PytestArguments, suite: Suite, agent: Agent) -> PytestArguments:
    """Have the environment's own pytest read what the user gave for it.

    Raises:
        CovernanceError: pytest can't read it, or is not installed there.
    """
    if not arguments.rest:
        return arguments
    task = Prepare(tests=suite.tests, arguments=arguments.rest)
    meaning = agent.ask(task, Prepared).arguments
    return msgspec.structs.replace(arguments, meaning=meaning) if meaning else arguments


def prepare(
    suites: Sequence[Suite], agents: Mapping[str, Agent], work: Path
) -> dict[str, Prepared]:
    """Describe the environment of every suite, and generate its settings of coverage.py.

    Args:
        suites: The suites.
        agents: Their agents.
        work: The folder below which each suite has its own for generated settings.

    Raises:
        CovernanceError: pytest or coverage is missing somewhere, or settings can't be read.
    """

    def ask(suite: Suite) -> Prepared:
        task = Prepare(source=suite.source, folder=work / suite.name)
        try:
            return agents[suite.name].ask(task, Prepared)
        except CovernanceError as error:
            raise type(error)(f"{suite.name}: {error}") from error

    with ThreadPoolExecutor(max_workers=count_cpus()) as pool:
        return {
            suite.name: prepared
            for suite, prepared in zip(suites, pool.map(ask, suites), strict=True)
        }
