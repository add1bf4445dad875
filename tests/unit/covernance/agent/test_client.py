from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from covernance.agent import client
from covernance.agent.client import Agent, agent_environment, find_startup_folder
from covernance.agent.environment import Prepare, Prepared
from covernance.errors import InputError, MachineError
from tests.utils.agents import LocalAgent

pytestmark = pytest.mark.reliability


# A crash ends the process, so another one takes it. Each round has new types of result.
CONCURRENT_ANSWERS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Annotated
import msgspec
from covernance.agent.environment import Prepare
from tests.unit.covernance.agent.test_client import Answering

agent = Answering('{"schema": 1, "answers": [{"result": {"a": 1, "b": {"c": 2}}}]}')

def new_type():
    inner = msgspec.defstruct("Inner", [("c", Annotated[int, msgspec.Meta(ge=0)])])
    return msgspec.defstruct("Result", [("a", Annotated[int, msgspec.Meta(ge=1)]), ("b", inner)])

def ask(barrier, result):
    barrier.wait(60)
    return agent.ask(Prepare(), result).b.c

with ThreadPoolExecutor(8) as pool:
    barrier = Barrier(8)
    list(pool.map(lambda _: barrier.wait(60), range(8)))  # start all threads first
    sys.setswitchinterval(1e-6)
    for _ in range(200):
        assert list(pool.map(ask, [Barrier(8)] * 8, [new_type()] * 8)) == [2] * 8
"""


class Unknown(msgspec.Struct, tag_field="task", tag="unknown"):
    """A task that no agent knows."""


class Answering(Agent):
    """An agent with a predetermined answer."""

    def __init__(self, content: str | None) -> None:
        super().__init__(Path(sys.executable))
        self._content = content

    def _run(self, request: Path, answer: Path) -> str:
        assert json.loads(request.read_bytes())["schema"] == client.SCHEMA
        if self._content is not None:
            answer.write_text(self._content, encoding="utf-8")
        return "its last words"


@pytest.mark.architecture
def test_a_task_runs_in_a_process_of_the_interpreter() -> None:
    theirs = Agent(Path(sys.executable)).ask(Prepare(), Prepared).environment
    ours = LocalAgent().ask(Prepare(), Prepared).environment
    assert theirs.executable == sys.executable
    assert theirs.packages == ours.packages


def test_one_process_runs_several_tasks_in_order() -> None:
    first, second = LocalAgent().ask_all([(Prepare(), Prepared), (Prepare(), Prepared)])
    assert first == second


def test_an_unknown_task_is_a_clear_error() -> None:
    with pytest.raises(InputError, match=r"unknown agent task 'unknown' .* supports schema 1"):
        LocalAgent().ask(Unknown(), Prepared)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the agent ended without a result:\nits last words"),
        ("{", "the agent's answer is damaged"),
        ('{"schema": 2, "answers": [{}]}', "sent 1 results in schema 2 instead of 1 in schema 1"),
        ('{"schema": 1, "answers": []}', "sent 0 results in schema 1 instead of 1 in schema 1"),
        ('{"schema": 1, "answers": [{"result": 3}]}', "the agent's answer is damaged"),
    ],
)
def test_a_missing_damaged_or_newer_answer_is_a_clear_error(
    content: str | None, message: str
) -> None:
    with pytest.raises(MachineError, match=message):
        Answering(content).ask(Prepare(), Prepared)


def test_several_threads_can_read_their_first_answers_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONCURRENT_ANSWERS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_error_has_the_agents_kind_and_message() -> None:
    answer = {"schema": 1, "answers": [{"error": {"kind": "input", "message": "no such file"}}]}
    with pytest.raises(InputError, match=r"^no such file$"):
        Answering(json.dumps(answer)).ask(Prepare(), Prepared)


def test_a_failure_to_start_the_interpreter_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="python: can't be started: No such file"):
        Agent(tmp_path / "python").ask(Prepare(), Prepared)


def test_the_error_of_a_crashed_agent_shows_its_last_output(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho oh no >&2\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)
    with pytest.raises(MachineError, match="the agent ended without a result:\\noh no"):
        Agent(python).ask(Prepare(), Prepared)


@pytest.mark.architecture
def test_the_agents_folder_is_first_on_the_path_and_has_nothing_else() -> None:
    assert agent_environment({})["PYTHONPATH"] == str(find_startup_folder())
    both = agent_environment({"PYTHONPATH": "a", "COVERAGE_FILE": "x"})
    assert both == {"PYTHONPATH": f"{find_startup_folder()}{os.pathsep}a"}
    names = {path.stem for path in find_startup_folder().iterdir() if path.name != "__pycache__"}
    assert names == {"sitecustomize"}


def test_a_program_that_is_no_python_is_named_with_what_chooses_another(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(
        MachineError, match=r"program: the agent ended .* may be no Python; name an"
    ):
        Agent(program).ask(Prepare(), Prepared)
