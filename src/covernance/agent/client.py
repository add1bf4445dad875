"""Send tasks to the agent in a tested environment, and read the results."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import msgspec

from covernance.errors import ConfigError, CovernanceError, InputError, MachineError

SCHEMA = 1
"""The version of the files that tool and agent exchange."""

_MOST_LINES = 15
_NO_PYTHON = (
    ", so this may be no Python; name another one with --python, or with the suite's key `python`"
)
_ERRORS = {"config": ConfigError, "input": InputError, "machine": MachineError}
# coverage.py passes these to child processes, but the agent itself must not be measured.
_MEASUREMENT = {"COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START", "COVERAGE_FILE"}

# msgspec analyses a type when it is first read; two threads that do so at once crash the process.
_READING = Lock()

T = TypeVar("T")


class Agent:
    """The agent in the environment of one interpreter."""

    def __init__(self, python: Path) -> None:
        """Use the interpreter `python`; this does not start a process."""
        self.python = python

    def ask(self, task: msgspec.Struct, result: type[T]) -> T:
        """Run one task, in the current folder.

        Args:
            task: The task; its tag is the task's name.
            result: The type of the result.

        Raises:
            CovernanceError: The task failed, or the agent could not be started.
        """
        answer: T = self.ask_all([(task, result)])[0]
        return answer

    def ask_all(self, tasks: Sequence[tuple[msgspec.Struct, type[Any]]]) -> list[Any]:
        """Run several tasks in one process, in order.

        Raises:
            CovernanceError: A task failed, or the agent could not be started.
        """
        with tempfile.TemporaryDirectory(prefix="covernance-") as folder:
            request, answer = Path(folder, "request.json"), Path(folder, "answer.json")
            content = {"schema": SCHEMA, "tasks": [task for task, _ in tasks]}
            request.write_bytes(msgspec.json.encode(content, enc_hook=os.fspath))
            output = self._run(request, answer)
            if not answer.is_file():
                msg = f"{self.python}: the agent ended without a result"
                msg += f":\n{output}" if output else _NO_PYTHON
                raise MachineError(msg)
            with _READING:
                return _read_answers(answer, [result for _, result in tasks])

    def _run(self, request: Path, answer: Path) -> str:
        try:
            process = subprocess.run(  # noqa: S603 - the suite's interpreter
                [self.python, "-m", "covernance_agent", request, answer],
                env=agent_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as error:
            msg = f"{self.python}: can't be started: {error.strerror or error}"
            raise MachineError(msg) from error
        lines = process.stdout.decode(errors="replace").splitlines()
        return "\n".join(lines[-_MOST_LINES:])


def agent_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables with which a process and its children can import the agent."""
    inherited = {name: value for name, value in environ.items() if name not in _MEASUREMENT}
    search_path = environ.get("PYTHONPATH")
    return {
        **inherited,
        "PYTHONPATH": os.pathsep.join(
            [str(find_startup_folder()), *([search_path] if search_path else [])]
        ),
    }


def find_startup_folder() -> Path:
    """Return the folder that, on PYTHONPATH, makes the agent importable and nothing else.

    Raises:
        MachineError: The agent's package is missing, so this installation is damaged.
    """
    spec = find_spec("covernance_agent")
    if spec is None or spec.origin is None:
        msg = "the package covernance_agent is missing; reinstall covernance"
        raise MachineError(msg)
    return Path(spec.origin).parent / "startup"


class _Error(msgspec.Struct):
    kind: str
    message: str


class _Answer(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _Error | None = None


class _Answers(msgspec.Struct):
    schema: int
    answers: list[_Answer]


def _read_answers(path: Path, results: Sequence[type[Any]]) -> list[Any]:
    try:
        document = msgspec.json.decode(path.read_bytes(), type=_Answers)
        if document.schema != SCHEMA or len(document.answers) != len(results):
            msg = (
                f"the agent sent {len(document.answers)} results in schema {document.schema} "
                f"instead of {len(results)} in schema {SCHEMA}; reinstall covernance"
            )
            raise MachineError(msg)
        for answer in document.answers:
            if answer.error:
                kind: type[CovernanceError] = _ERRORS.get(answer.error.kind, MachineError)
                raise kind(answer.error.message)
        pairs = zip(document.answers, results, strict=True)
        return [msgspec.json.decode(answer.result, type=result) for answer, result in pairs]
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        msg = f"the agent's answer is damaged: {error}"
        raise MachineError(msg) from error
