from __future__ import annotations

from pathlib import Path

import pytest
from coverage import CoverageData

from covernance_agent import data_file
from covernance_agent.data_file import opened

pytestmark = pytest.mark.reliability


def test_written_data_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / ".coverage"
    with opened(path) as data:
        data.add_lines({"a.py": [1, 2]})
        data.write()
    with opened(path) as data:
        data.read()
        assert data.lines("a.py") == [1, 2]


def test_data_without_a_close_is_opened_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OlderData:
        def __init__(self, basename: str) -> None:
            self.data = CoverageData(basename)

    monkeypatch.setattr(data_file, "CoverageData", OlderData)
    with opened(tmp_path / ".coverage") as data:
        assert isinstance(data, OlderData)
