"""`python -m covernance_agent REQUEST ANSWER`: perform the tasks of a request file.

A request is `{"schema": 1, "tasks": [{"task": NAME, …}, …]}`. The answer is
`{"schema": 1, "answers": […]}` with `{"result": …}` or `{"error": {"kind": …, "message": …}}` for
each task, in the order of the tasks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from covernance_agent.failures import AgentError, InputError

SCHEMA = 1

_TASKS = {
    "contexts": "covernance_agent.contexts",
    "excluded": "covernance_agent.excluded",
    "prepare": "covernance_agent.preparation",
    "report": "covernance_agent.reports",
    "settings": "covernance_agent.settings",
    "statements": "covernance_agent.statements",
}
"""The module of each task; its function `perform` takes the task and returns the result."""


def main(arguments: Sequence[str]) -> None:
    """Perform every task of a request; one that fails does not stop the others.

    Args:
        arguments: The path of the request, and the path to write the answer to.
    """
    request, answer = map(Path, arguments)
    document = json.loads(request.read_bytes())
    answers = [_perform(task, document) for task in document.get("tasks", [{}])]
    content = json.dumps({"schema": SCHEMA, "answers": answers}, separators=(",", ":"))
    unfinished = answer.with_name(f"{answer.name}.new")
    unfinished.write_text(content, encoding="utf-8")
    unfinished.replace(answer)


def _perform(task: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    try:
        if document.get("schema") != SCHEMA or task.get("task") not in _TASKS:
            msg = (
                f"unknown agent task {task.get('task')!r} (schema {document.get('schema')}); "
                f"this agent supports schema {SCHEMA}; reinstall covernance"
            )
            raise InputError(msg)
        return {"result": import_module(_TASKS[task["task"]]).perform(task)}
    except AgentError as error:
        return {"error": {"kind": error.kind, "message": str(error)}}


if __name__ == "__main__":
    # Python puts the current folder first, where a project's own modules may have the names of
    # coverage.py or of the standard library. Moved to the end, plugins there can still be imported.
    sys.path.append(sys.path.pop(0))
    main(sys.argv[1:])
