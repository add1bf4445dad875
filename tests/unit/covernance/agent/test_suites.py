from __future__ import annotations

import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from covernance.agent.client import Agent
from covernance.agent.suites import ask_each, find_suite_agents
from covernance.config import Suite
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


class Question(msgspec.Struct, tag="question", tag_field="task"):
    number: int


class CountingAgent(Agent):
    """Returns its interpreter and the number in the task."""

    asked: ClassVar[list[int]] = []

    def ask_all(self, tasks: Sequence[tuple[msgspec.Struct, type[Any]]]) -> list[Any]:
        CountingAgent.asked.append(len(tasks))
        return [f"{self.python} {task.number}" for task, _ in tasks if isinstance(task, Question)]


def suite(name: str, python: str) -> Suite:
    return Suite(
        name=name,
        source=(name,),
        tests=("tests",),
        themes=(),
        fail_under=Decimal(90),
        requirements=None,
        python=python,
    )


def find(suite: Suite) -> Agent:
    return CountingAgent(Path(suite.python or ""))


def test_suites_of_one_interpreter_share_a_process_and_results_are_in_order() -> None:
    suites = [suite("a", "/one"), suite("b", "/two"), suite("c", "/one")]
    tasks = [(one, Question(number)) for number, one in enumerate(suites)]
    CountingAgent.asked.clear()
    assert ask_each(find, tasks, str) == ["/one 0", "/two 1", "/one 2"]
    assert CountingAgent.asked == [2, 1]


def test_without_tasks_no_process_is_started() -> None:
    CountingAgent.asked.clear()
    assert ask_each(find, [], str) == []
    assert CountingAgent.asked == []


def test_an_option_chooses_the_interpreter_of_a_suite(repository: Repository) -> None:
    context = context_of(repository.root)
    agents = find_suite_agents(context, (f"calc={sys.executable}",))
    assert agents(context.table.suite("calc")).python == Path(sys.executable)
