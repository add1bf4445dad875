"""Responsible for runs of the sample repository with fake processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from covernance.config import load
from covernance.model.suite_result import SuiteResult
from covernance.run.workflow import run_suites
from tests.unit.covernance.conftest import FakeProcesses
from tests.unit.covernance.run.runs import Quiet, request
from tests.utils.agents import local_agents
from tests.utils.contexts import context_of
from tests.utils.repository import Repository


class Notes(Quiet):
    """An observer that remembers what it is to explain."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def observer() -> Notes:
    return Notes()


@pytest.fixture
def run_calc(
    repository: Repository, processes: FakeProcesses, observer: Notes
) -> Callable[..., SuiteResult]:
    def run_it(
        *pytest_arguments: str, environ: Mapping[str, str] | None = None, **changes: object
    ) -> SuiteResult:
        table = load(repository.root)
        (result,), _ = run_suites(
            context_of(table, environ),
            request(table, *pytest_arguments, **changes),
            local_agents(*table.suites),
            observer,
        )
        return result

    return run_it
