from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from covernance.layout import Layout
from covernance.model.counts import Counts
from covernance.model.snapshot import Snapshot
from covernance.reports.overview import gather_state
from covernance.reports.state import Drop, ExceptionDue, State
from covernance.results import read_results
from covernance.summary.workflow import render
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

Put = Callable[[Snapshot], None]


@pytest.fixture
def put(repository: Repository) -> Put:
    def write(snapshot: Snapshot) -> None:
        path = Layout(repository.root).snapshot("calc")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(snapshot.encode())

    return write


def gather(repository: Repository, **findings: Any) -> State:  # noqa: ANN401 - as below
    context = context_of(repository.root)
    return gather_state(context, read_results(context), **findings)


def test_state_holds_what_the_policies_found(
    repository: Repository, snapshot: Snapshot, put: Put
) -> None:
    put(msgspec.structs.replace(snapshot, suite="calc"))
    patches, drop = {"calc": Counts(2, 1)}, Drop("calc", "total", Counts(2, 2), Counts(2, 1))
    due = ExceptionDue("a.py", "calc", "@me", "2026-12-01", 10)
    state = gather(repository, patches=patches, drops=[drop], exceptions=[due])
    assert (state.patches, state.drops, state.exceptions) == (patches, (drop,), (due,))
    assert state.themes == ("architecture", "reliability", "security")
    assert state.present[0].suite == "calc"


@pytest.mark.parametrize(
    ("form", "start"),
    [("markdown", "## Coverage: 0 of 1"), ("text", "coverage: 0 of 1"), ("json", "{")],
)
def test_each_form_tells_the_state(repository: Repository, form: str, start: str) -> None:
    state = gather(repository)
    assert render(state, form, links={}).startswith(start)


@pytest.mark.reliability
def test_limit_is_kept(repository: Repository, snapshot: Snapshot, put: Put) -> None:
    reasons = tuple(f"failed: {'x' * 200} {number}" for number in range(20))
    put(msgspec.structs.replace(snapshot, suite="calc", reasons=reasons))
    state = gather(repository)
    text = render(state, "markdown", links={}, limit=2_000)
    assert len(text) <= 2_000
    assert json.loads(render(state, "json", links={}, limit=2_000))["suites"]["calc"]
