"""The agents of several suites."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from covernance.agent.client import Agent
from covernance.agent.interpreter import find_interpreter
from covernance.config import Suite, Table

T = TypeVar("T")

Agents = Callable[[Suite], Agent]
"""Finds the agent of a suite; nothing is started by it."""


def suite_agents(table: Table, environ: Mapping[str, str]) -> Agents:
    """The agents in the environments of a table's suites; see `find_interpreter`."""

    def find(suite: Suite) -> Agent:
        return Agent(find_interpreter(table, suite, environ))

    return find


def ask_each(
    agents: Agents, tasks: Sequence[tuple[Suite, msgspec.Struct]], result: type[T]
) -> list[T]:
    """Have a task done for each of some suites, by one process per interpreter.

    Returns:
        What came of each task, in their order.

    Raises:
        CovernanceError: An agent could not do one of them, or could not be started.
    """
    found: dict[Path, tuple[Agent, list[int]]] = {}
    for number, (suite, _) in enumerate(tasks):
        agent = agents(suite)
        found.setdefault(agent.python, (agent, []))[1].append(number)
    answers: dict[int, T] = {}
    for agent, numbers in found.values():
        asked = [(tasks[number][1], result) for number in numbers]
        answers |= zip(numbers, agent.ask_all(asked), strict=True)
    return [answers[number] for number in range(len(tasks))]
