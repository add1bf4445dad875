from __future__ import annotations

from pathlib import Path

import pytest
from coverage import CoverageData

from covernance_agent.data_file import opened

pytestmark = pytest.mark.reliability


@pytest.mark.parametrize("has_close", [True, False])
def test_what_is_written_is_read_with_and_without_a_way_to_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_close: bool
) -> None:
    if not has_close:
        monkeypatch.delattr(CoverageData, "close")
    path = tmp_path / ".coverage"
    with opened(path) as data:
        data.add_lines({"a.py": [1, 2]})
        data.write()
    with opened(path) as data:
        data.read()
        assert data.lines("a.py") == [1, 2]
