"""Run tasks in the environments of several suites."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from covernance.agent.client import Agent
from covernance.agent.interpreter import find_interpreter, parse_interpreters
from covernance.config import Suite
from covernance.context import Context

T = TypeVar("T")

Agents = Callable[[Suite], Agent]
"""Finds the agent of a suite, without starting a process."""


def find_suite_agents(context: Context, options: tuple[str, ...] = ()) -> Agents:
    """Return a function that finds the agent of a suite's environment; see `find_interpreter`.

    Args:
        context: The context.
        options: The values of `--python`; see `parse_interpreters`.

    Raises:
        CovernanceError: An option names a suite or a path that does not exist.
    """
    given = parse_interpreters(context.table, options)

    def find(suite: Suite) -> Agent:
        return Agent(find_interpreter(context, suite, given))

    return find


def ask_each(
    agents: Agents, tasks: Sequence[tuple[Suite, msgspec.Struct]], result: type[T]
) -> list[T]:
    """Run one task per suite, in one process per interpreter.

    Returns:
        The results of the tasks, in order.

    Raises:
        CovernanceError: A task failed, or an agent could not be started.
    """
    tasks_by_interpreter: dict[Path, tuple[Agent, list[int]]] = {}
    for number, (suite, _) in enumerate(tasks):
        agent = agents(suite)
        tasks_by_interpreter.setdefault(agent.python, (agent, []))[1].append(number)
    results: dict[int, T] = {}
    for agent, numbers in tasks_by_interpreter.values():
        own_tasks = [(tasks[number][1], result) for number in numbers]
        results |= zip(numbers, agent.ask_all(own_tasks), strict=True)
    return [results[number] for number in range(len(tasks))]
