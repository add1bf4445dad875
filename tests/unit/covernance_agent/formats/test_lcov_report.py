from __future__ import annotations

from pathlib import Path

import pytest
from coverage import Coverage

from covernance_agent.formats import FileReport, write_report

pytestmark = pytest.mark.architecture


def test_report_records_which_lines_ran(cov: Coverage, tmp_path: Path) -> None:
    write_report(cov, FileReport("lcov", tmp_path / "deep" / "x.info", "api"))
    records = (tmp_path / "deep" / "x.info").read_text(encoding="utf-8").splitlines()
    lines = [record for record in records if record.startswith(("SF:", "DA:", "L"))]
    assert lines == ["SF:one.py", "DA:1,1", "DA:2,0", "LF:2", "LH:1"]
