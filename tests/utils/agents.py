"""An agent for unit tests: the real one, in this process instead of one of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from covernance.agent.client import Agent
from covernance.agent.environment import Environment
from covernance.config import Suite
from covernance_agent import preparation
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
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(preparation, "describe", _describe)
            main([str(request), str(answer)])
        return ""


def _describe(packages: dict[str, str | None]) -> dict[str, Any]:
    described: dict[str, Any] = msgspec.to_builtins(ENVIRONMENT)
    return described | {"packages": packages}


def local_agent(_suite: Suite) -> Agent:
    """A local agent for any suite."""
    return LocalAgent()


def local_agents(*suites: Suite) -> dict[str, Agent]:
    """A local agent for each suite."""
    return {suite.name: LocalAgent() for suite in suites}
