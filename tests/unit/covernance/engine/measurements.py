"""Measurements for tests of engines."""

from __future__ import annotations

from pathlib import Path

import msgspec

from covernance.agent.environment import Prepared
from covernance.config import load
from covernance.engine.arguments import PytestArguments
from covernance.engine.engine import Measurement
from covernance.engine.record import Progress
from covernance.engine.shard import Shard
from covernance.engine.theme_result import ThemeResult
from covernance.layout import Layout
from tests.utils.agents import ENVIRONMENT
from tests.utils.repository import Repository


def measurement(repository: Repository, folder: Path, **changes: object) -> Measurement:
    """A full run of every suite of a repository, with the given changes."""
    table, layout = load(repository.root), Layout(repository.root)
    usual = Measurement(
        suites=table.suites,
        themes={suite.name: suite.themes for suite in table.suites},
        with_unthemed=True,
        arguments=PytestArguments(),
        jobs=2,
        color=False,
        contexts="theme",
        shard=Shard(),
        durations={},
        environ={},
        prepared={
            suite.name: Prepared(environment=ENVIRONMENT, settings="coveragerc")
            for suite in table.suites
        },
        layout=layout,
        work=layout.work / "run",
        temporary=folder / "temporary",
    )
    return msgspec.structs.replace(usual, **changes)


class Recorded:
    """An observer that records what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def started(self, suite: str, theme: str) -> None:
        self.heard.append(f"{suite} {theme} started")

    def running(self, suite: str, theme: str, progress: Progress | None) -> None:
        self.heard.append(f"{suite} {theme} {progress}")

    def finished(self, result: ThemeResult) -> None:
        self.heard.append(f"{result.suite} {result.theme} finished")

    def note(self, text: str) -> None:
        self.heard.append(text)
