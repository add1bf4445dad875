from __future__ import annotations

from pathlib import Path

import pytest
from coverage import Coverage

from covernance_agent.failures import InputError
from covernance_agent.formats import FileReport, write_report

pytestmark = pytest.mark.architecture


def test_report_is_a_folder_with_the_title_and_a_page_with_contexts(
    cov: Coverage, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "html"
    write_report(cov, FileReport("html", folder, "api & auth", others=(tmp_path / "missing",)))
    assert "<title>api &amp; auth</title>" in (folder / "index.html").read_text(encoding="utf-8")
    assert "security|run" in (folder / "one_py.html").read_text(encoding="utf-8")


@pytest.mark.reliability
def test_missing_source_is_a_clear_error(cov: Coverage, tmp_path: Path) -> None:
    (tmp_path / "one.py").unlink()
    with pytest.raises(InputError, match=r"html report: .*one\.py"):
        write_report(cov, FileReport("html", tmp_path / "html", "api"))
