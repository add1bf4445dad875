"""An agent for unit tests: the real one, in this process instead of one of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec

from covernance.agent.client import Agent
from covernance.agent.environment import Environment
from covernance.config import Suite
from covernance_agent.__main__ import main

ENVIRONMENT = Environment(
    executable="/env/bin/python",
    version="3.11.7 (main)",
    python="3.11.7",
    platform="linux-x86_64",
    system="Linux-6.1",
    prefix="/env",
    library="",
    path=(),
    installed=(),
    standard_library=(),
    packages={"coverage": "7.17.3", "pytest": "9.2.0"},
)
"""An environment that is on no machine."""


class LocalAgent(Agent):
    """Does its tasks here, so that no process is started and what runs is measured.

    The environment that it describes has no files. Of a real one, each run would read the
    interpreter and all metadata of distributions, which takes longer than the rest of a test.
    """

    def __init__(self) -> None:
        super().__init__(Path(sys.executable))

    def _run(self, request: Path, answer: Path) -> str:
        main([str(request), str(answer)])
        document = json.loads(answer.read_bytes())
        for done in document["answers"]:
            if isinstance(done.get("result"), dict) and "environment" in done["result"]:
                packages = done["result"]["environment"]["packages"]
                here = msgspec.structs.replace(ENVIRONMENT, packages=packages)
                done["result"]["environment"] = msgspec.to_builtins(here)
        answer.write_text(json.dumps(document), encoding="utf-8")
        return ""


def local_agent(_suite: Suite) -> Agent:
    """A local agent for any suite."""
    return LocalAgent()


def local_agents(*suites: Suite) -> dict[str, Agent]:
    """A local agent for each suite."""
    return {suite.name: LocalAgent() for suite in suites}
