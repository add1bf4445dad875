from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.config import load
from covernance.engine.passes import Pass
from covernance.engine.processes import Launch
from covernance.engine.schedule import read_theme_seconds, sort_longest_first
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def planned(theme: str) -> Pass:
    launch = Launch(name=theme, folder=Path(theme), command=(), environment={})
    return Pass(suite="api", theme=theme, launch=launch)


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1e6)))
def test_passes_are_sorted_longest_first(seconds: dict[str, float]) -> None:
    passes = [planned(theme) for theme in "abcdef"]
    ordered = sort_longest_first(passes, {("api", theme): took for theme, took in seconds.items()})
    assert sorted(one.theme for one in ordered) == list("abcdef")
    times = [seconds.get(one.theme, float("inf")) for one in ordered]
    assert times == sorted(times, reverse=True)


@pytest.mark.reliability
def test_durations_are_read_from_the_last_full_run_unless_it_is_damaged(
    repository: Repository, snapshot: Snapshot
) -> None:
    table, layout = load(repository.root), Layout(repository.root)
    assert read_theme_seconds(table.suites, layout) == {}
    path = layout.snapshot("calc")
    path.parent.mkdir()
    path.write_bytes(msgspec.structs.replace(snapshot, suite="calc").encode())
    assert read_theme_seconds(table.suites, layout)["calc", "security"] == 0.5
    path.write_bytes(b"rubbish")
    assert read_theme_seconds(table.suites, layout) == {}
