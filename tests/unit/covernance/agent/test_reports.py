from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from coverage import Coverage, CoverageData

from covernance.agent.reports import Report, Reported, ReportFile
from covernance_agent.reports import perform
from tests.utils.agents import LocalAgent

pytestmark = pytest.mark.architecture

SETTINGS = "[run]\nbranch = true\nrelative_files = true\n"
SOURCE = "import os\nif os.name:\n    x = 1\nelse:\n    x = 2\n"


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """A report on one measured file, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".coveragerc").write_text(SETTINGS)
    (tmp_path / "one.py").write_text(SOURCE)
    data = CoverageData()
    data.set_context("security|run|t.py::test_x")
    data.add_arcs({"one.py": [(-1, 1), (1, 2), (2, 3), (3, -1)]})
    data.write()
    return Report(
        data=(Path(".coverage"),),
        target=Path("work/.coverage"),
        source=(".",),
        analyses=Path(".analysis"),
        themes=("security",),
    )


def test_agent_reports_what_coverage_py_counts(task: Report) -> None:
    report = ReportFile(format="xml", path=Path("work/r.xml"), title="t")
    asked = msgspec.structs.replace(task, reports=(report,), text="term-missing")
    result = LocalAgent().ask(asked, Reported)
    cov = Coverage()
    cov.load()
    _, statements, _, missing, shown = cov.analysis2("one.py")
    total = result.files["one.py"].total
    assert (total.statements, total.executed) == (len(statements), len(statements) - len(missing))
    assert shown in result.text
    assert report.path.is_file()


@pytest.mark.reliability
def test_without_data_nothing_is_reported(task: Report) -> None:
    Path("empty").mkdir()
    result = LocalAgent().ask(msgspec.structs.replace(task, data=(Path("empty"),)), Reported)
    assert (result.data, result.files, result.text) == (False, {}, "")


class NotedKeys(dict[str, Any]):
    """A mapping that notes which of its keys are read."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(content)
        self.read = set[str]()

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - whatever it holds
        self.read.add(key)
        return super().__getitem__(key)


def test_agent_reads_every_field_and_returns_no_other(task: Report) -> None:
    report = ReportFile(format="json", path=Path("work/r.json"), title="t")
    file = NotedKeys(msgspec.to_builtins(report, enc_hook=str))
    asked = NotedKeys(msgspec.to_builtins(task, enc_hook=str) | {"reports": [file]})
    result = perform(asked)
    assert asked.read == {*asked} - {"task"}
    assert file.read == {*ReportFile.__struct_fields__}
    assert result.keys() == {*Reported.__struct_fields__}
