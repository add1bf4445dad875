"""Requests, observers and records for tests of runs."""

from __future__ import annotations

import msgspec

from covernance.agent.environment import GivenArguments
from covernance.config import Table
from covernance.engine.arguments import PytestArguments, split_reports
from covernance.engine.record import SCHEMA, Collected, Progress, Record
from covernance.engine.theme_result import ThemeResult
from covernance.run.request import Request

MEANINGS = {
    ("--junitxml=junit.xml",): GivenArguments(),
    ("-x",): GivenArguments(),
    ("-k", "nosuchtest"): GivenArguments(narrowing=("-k 'nosuchtest'",)),
    ("-k", "x"): GivenArguments(narrowing=("-k 'x'",)),
    ("tests/test_calc.py",): GivenArguments(paths=("tests/test_calc.py",)),
}
"""The meaning of arguments; test_preparing.py compares it with pytest's."""


def request(table: Table, *pytest_arguments: str, **changes: object) -> Request:
    """A full run of every suite at once, with the given changes."""
    usual = Request(
        suites=table.suites,
        themes=None,
        fail_under=None,
        arguments=_arguments(pytest_arguments),
        jobs=2,
        color=False,
    )
    return msgspec.structs.replace(usual, **changes)


def _arguments(given: tuple[str, ...]) -> PytestArguments:
    arguments = split_reports(given)
    return (
        msgspec.structs.replace(arguments, meaning=MEANINGS[arguments.rest])
        if arguments.rest
        else arguments
    )


def record(theme: str, **changes: object) -> Record:
    """The record of a passing test, with the given changes."""
    plain: dict[str, object] = {
        "schema": SCHEMA,
        "exit": 0,
        "collected": Collected(selected={f"t::{theme}": (theme,)}),
        "outcomes": {f"t::{theme}": "passed"},
        "seconds": {},
        "collection_errors": [],
    }
    return Record(**(plain | changes))  # type: ignore[arg-type]


class Quiet:
    """An observer that ignores everything."""

    def started(self, suite: str, theme: str) -> None: ...

    def running(self, suite: str, theme: str, progress: Progress | None) -> None: ...

    def finished(self, result: ThemeResult) -> None: ...

    def note(self, text: str) -> None: ...
