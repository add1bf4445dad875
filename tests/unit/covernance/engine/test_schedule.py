from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.config import load
from covernance.engine.schedule import read_theme_seconds, sort_longest_first
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1e6)))
def test_themes_are_sorted_longest_first(seconds: dict[str, float]) -> None:
    expected = {("api", theme): took for theme, took in seconds.items()}
    ordered = sort_longest_first([("api", theme) for theme in "abcdef"], expected)
    assert sorted(theme for _, theme in ordered) == list("abcdef")
    times = [expected.get(key, float("inf")) for key in ordered]
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
