from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from covernance_agent.failures import InputError
from covernance_agent.reports import perform

pytestmark = pytest.mark.architecture

SOURCE = "def sign(x):\n    if x < 0:\n        return -1\n    return (\n        1)\n"
RAN = {
    "a": {"one.py": [(-1, 1), (1, -1)]},
    "a|run|t.py::test_x": {"one.py": [(-1, 2), (2, 4), (4, -1)]},
    "b|run": {"one.py": [(-1, 2), (2, 3), (3, -1)]},
}


@pytest.fixture(params=[True, False], ids=["private names", "public interface"])
def task(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    measured: Callable[[Any], Coverage],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Any]:
    if not request.param:
        monkeypatch.setattr("covernance_agent.fence.is_known", lambda: False)
    (tmp_path / "one.py").write_text(SOURCE)
    measured(RAN)
    return {
        "task": "report",
        "data": [".coverage"],
        "target": "work/.coverage",
        "source": ["."],
        "where": None,
        "themes": ["a", "b"],
        "analyses": ".analysis",
        "tests": "work/contexts/tests.json",
        "contexts": None,
        "reports": [],
        "text": None,
        "inventory": [],
    }


def json_report(**changes: object) -> dict[str, Any]:
    usual = {"format": "json", "path": "work/r.json", "title": "t", "others": [], "contexts": False}
    return usual | changes


def test_one_task_counts_reports_and_records_contexts(task: dict[str, Any]) -> None:
    task |= {"reports": [json_report(contexts=True)], "text": "term-missing"}
    result = perform(task)
    assert (result["data"], result["unreadable"]) == (True, "")
    (counts,) = result["files"].values()
    assert counts["total"] == {"statements": 4, "executed": 4, "branches": 2, "taken": 2}
    assert counts["themes"]["a"]["earned"]["executed"] == 2
    assert "Missing" in result["text"]
    contexts = json.loads(Path("work/r.json").read_bytes())["files"]["one.py"]["contexts"]
    assert contexts["4"] == ["a|run"]  # the contexts of tests are merged into their theme's
    tests = json.loads(Path("work/contexts/tests.json").read_bytes())
    assert tests == {
        "schema": 1,
        "contexts": ["a", "a|run|t.py::test_x", "b|run"],
        "files": {"one.py": {"spans": [[4, 5]], "lines": {"0": "1", "1": "2,4", "2": "2-3"}}},
    }


def test_the_measured_data_is_unchanged(task: dict[str, Any]) -> None:
    before = Path(".coverage").read_bytes()
    perform(task)
    assert Path(".coverage").read_bytes() == before


def test_a_report_on_one_theme_counts_nothing(task: dict[str, Any]) -> None:
    task |= {"reports": [json_report()], "themes": None, "contexts": [r"^b(\||$)"], "tests": None}
    assert perform(task)["files"] == {}
    file = json.loads(Path("work/r.json").read_bytes())["files"]["one.py"]
    assert file["executed_lines"] == [2, 3]
    assert not Path("work/contexts").exists()


@pytest.mark.reliability
def test_without_data_nothing_is_written(task: dict[str, Any]) -> None:
    Path("empty").mkdir()
    result = perform(task | {"data": ["empty"], "reports": [json_report()], "text": "term"})
    assert not result["data"]
    assert not Path("work/r.json").exists()


@pytest.mark.reliability
def test_no_report_is_written_if_a_source_can_not_be_read(task: dict[str, Any]) -> None:
    Path("one.py").write_text("def f(:\n")
    result = perform(task | {"reports": [json_report()]})
    assert "one.py" in result["unreadable"]
    assert not result["files"]
    assert not Path("work/r.json").exists()


@pytest.mark.security
def test_delivered_data_that_names_a_file_outside_the_repository_is_an_error(
    task: dict[str, Any], measured: Callable[[Any], Coverage]
) -> None:
    Path(".coverage").unlink()
    measured({"a": {"../one.py": [(-1, 1)]}})
    with pytest.raises(InputError, match=r"delivered: names \.\./one\.py"):
        perform(task | {"where": "delivered"})


@pytest.mark.reliability
@pytest.mark.parametrize(("source", "mapped"), [("one.py", True), (".", True), ("src", False)])
def test_a_file_of_an_installed_package_must_be_mapped_to_a_source(
    task: dict[str, Any], source: str, *, mapped: bool
) -> None:
    Path("src/one").mkdir(parents=True)
    Path("src/one/__init__.py").touch()
    Path(".coveragerc").write_text("[run]\nbranch = true\n[paths]\nx =\n    src\n    lib\n    .\n")
    result = perform(
        task | {"source": [source, "src/one"]} if mapped else task | {"source": [source]}
    )
    assert bool(result["files"]) is mapped
    assert (
        "[paths] of coverage.py's settings does not map it" in result["unreadable"]
    ) is not mapped
