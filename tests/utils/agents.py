"""An agent for unit tests: the real one, in this process instead of one of its own."""

from __future__ import annotations

import sys
from pathlib import Path

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
    """Does its tasks here, so that no process is started and what runs is measured."""

    def __init__(self) -> None:
        super().__init__(Path(sys.executable))

    def _run(self, request: Path, answer: Path) -> str:
        main([str(request), str(answer)])
        return ""


def local_agent(_suite: Suite) -> Agent:
    """A local agent for any suite."""
    return LocalAgent()


def local_agents(*suites: Suite) -> dict[str, Agent]:
    """A local agent for each suite."""
    return {suite.name: LocalAgent() for suite in suites}
