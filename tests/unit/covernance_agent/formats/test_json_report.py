from __future__ import annotations

import json
from pathlib import Path

import pytest
from coverage import Coverage

from covernance_agent.failures import InputError, MachineError
from covernance_agent.formats import FileReport, write_report

pytestmark = pytest.mark.reliability


def write(cov: Coverage, path: Path, *, contexts: bool = False) -> None:
    write_report(cov, FileReport("json", path, "api", contexts=contexts))


@pytest.mark.architecture
def test_report_is_one_line_in_a_new_folder(cov: Coverage, tmp_path: Path) -> None:
    write(cov, tmp_path / "deep" / "report.json")
    text = (tmp_path / "deep" / "report.json").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 1
    file = json.loads(text)["files"]["one.py"]
    assert (file["executed_lines"], file["missing_lines"]) == ([1], [2])
    assert "contexts" not in file


@pytest.mark.architecture
def test_report_with_contexts_names_those_of_every_line(cov: Coverage, tmp_path: Path) -> None:
    write(cov, tmp_path / "x.json", contexts=True)
    document = json.loads((tmp_path / "x.json").read_text())
    assert document["files"]["one.py"]["contexts"] == {"1": ["security|run"]}


@pytest.mark.parametrize("contexts", [False, True])
def test_missing_source_is_a_clear_error(cov: Coverage, tmp_path: Path, *, contexts: bool) -> None:
    (tmp_path / "one.py").unlink()
    with pytest.raises(InputError, match=r"json report: .*one\.py"):
        write(cov, tmp_path / "x", contexts=contexts)


def test_report_that_cannot_be_written_is_a_clear_error(cov: Coverage, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="can't be written"):
        write(cov, tmp_path / "file" / "x.json")
