"""Responsible for the agent's unit tests: fixtures that build coverage data by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from coverage import Coverage

from covernance_agent import combining, fence
from covernance_agent.data_file import opened

collect_ignore = (
    []
    if fence.is_known()
    else [
        "test_analysis.py",
        "test_analysis_cache.py",
        "test_compact_json.py",
        "test_linked_html.py",
    ]
)
"""The modules that test private names of coverage.py."""

Measured = dict[str, dict[str, list[tuple[int, int]]]]
"""For each context, the arcs that ran in each file."""


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Measured], Coverage]:
    """Build coverage data by hand in a folder that becomes the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".coveragerc").write_text("[run]\nbranch = true\nrelative_files = true\n")

    def build(contexts: Measured) -> Coverage:
        with opened(tmp_path / ".coverage") as data:
            for context, arcs in contexts.items():
                data.set_context(context)
                data.add_arcs(arcs)
            data.write()
        return combining.load(tmp_path / ".coverage", tmp_path / ".analysis", config_file=True)

    return build
