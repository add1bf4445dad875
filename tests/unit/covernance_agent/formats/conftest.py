"""Responsible for the tests of formats: data, with and without coverage.py's private names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from covernance_agent import fence


@pytest.fixture(params=[True, False], ids=["private names", "public interface"])
def cov(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    measured: Callable[[Any], Coverage],
    monkeypatch: pytest.MonkeyPatch,
) -> Coverage:
    """Data in which one.py ran its first line but not its second."""
    if not request.param:
        monkeypatch.setattr(fence, "is_known", lambda: False)
    elif not fence.is_known():
        pytest.skip("the private names of this coverage.py are not known")
    (tmp_path / "one.py").write_text("x = 1\ny = 2\n")
    return measured({"security|run": {"one.py": [(-1, 1), (1, -1)]}})
