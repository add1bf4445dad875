from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage
from coverage.report_core import get_analysis_to_report

from covernance_agent import combining, fence
from covernance_agent.data_file import opened
from covernance_agent.failures import InputError
from covernance_agent.formats import FileReport, write_report
from tests.unit.covernance_agent.results import Counts, count

pytestmark = pytest.mark.architecture

PLUGIN = """\
from coverage import CoveragePlugin, FileReporter


class Templates(CoveragePlugin):
    def file_reporter(self, filename):
        return Template(filename)


class Template(FileReporter):
    def lines(self):
        return {2, 4}

    def excluded_lines(self):
        return {6}

    def translate_lines(self, lines):
        return {2 * line for line in lines}

    def arcs(self):
        return {(2, 4), (2, -2), (4, -2)}

    def exit_counts(self):
        return {2: 2, 4: 1}

    def translate_arcs(self, arcs):
        return {(2, 4) if arc == (1, 2) else arc for arc in arcs}


def coverage_init(reg, options):
    reg.add_file_tracer(Templates())
"""
ARCS = [(-1, 1), (1, -1)]


def test_a_file_measured_by_a_plugin_is_counted_with_the_plugins_reporter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "templates_plugin.py").write_text(PLUGIN)
    (tmp_path / ".coveragerc").write_text(
        "[run]\nrelative_files = true\nplugins = templates_plugin\n"
    )
    (tmp_path / "page.html").write_text("<p>\n" * 6)
    with opened(tmp_path / ".coverage") as data:
        data.set_context("a|run")
        data.add_arcs({"page.html": [*ARCS, (1, 2)]})
        data.add_file_tracers({"page.html": "templates_plugin.Templates"})
        data.write()
    cov = combining.load(tmp_path / ".coverage", tmp_path / ".analysis", config_file=True)
    result = count(cov, ["a"])["page.html"]
    assert (result.total, result.executed_lines) == (Counts(2, 2, 2, 1), "2,4")
    assert result.missing_branches == ((2, -2),)
    own = Coverage(data_file=str(tmp_path / ".coverage"))
    own.load()
    ((_, theirs),) = get_analysis_to_report(own, None)
    assert theirs.numbers.n_executed_branches == result.total.taken
    assert theirs.branch_stats() == result.branches


@pytest.fixture
def two(tmp_path: Path, measured: Callable[[Any], Coverage]) -> Callable[[str], Coverage]:
    """Data of good.py and of bad.py, which is not Python, with additional settings."""

    def build(more: str = "") -> Coverage:
        (tmp_path / "good.py").write_text("x = 1\n")
        (tmp_path / "bad.py").write_text("def f(:\n")
        (tmp_path / "notes.txt").write_text("def f(:\n")
        measured({"a": {"good.py": ARCS, "bad.py": ARCS, "notes.txt": ARCS}})
        with (tmp_path / ".coveragerc").open("a") as stream:
            stream.write(more)
        return combining.load(tmp_path / ".coverage", tmp_path / ".analysis", config_file=True)

    return build


@pytest.mark.reliability
def test_a_source_that_is_not_python_is_a_clear_error(two: Callable[[], Coverage]) -> None:
    with pytest.raises(InputError, match=r"bad\.py"):
        count(two(), ["a"])


@pytest.mark.filterwarnings("ignore::coverage.exceptions.CoverageWarning")
@pytest.mark.parametrize(
    "settings",
    ["ignore_errors = true", "omit = bad.py", "omit = b*,c*", "include = good.py"],
)
def test_files_left_out_of_reports_are_not_counted(
    two: Callable[[str], Coverage], settings: str
) -> None:
    cov = two(f"[report]\n{settings}\n")
    assert list(count(cov, ["a"])) == ["good.py"]


def test_a_report_on_one_file_equals_that_of_coverage_py(
    two: Callable[[], Coverage], tmp_path: Path
) -> None:
    two().json_report(morfs=["good.py"], outfile=str(tmp_path / "report"))
    assert list(json.loads((tmp_path / "report").read_bytes())["files"]) == ["good.py"]


def test_missing_branches_are_described_in_words(
    tmp_path: Path, measured: Callable[[Any], Coverage]
) -> None:
    (tmp_path / "one.py").write_text("x = 1\nif x:\n    y = 2\n")
    cov = measured({"a": {"one.py": [(-1, 1), (1, 2), (2, 3), (3, -1)]}})
    write_report(cov, FileReport("lcov", tmp_path / "lcov", "api"))
    assert "jump to line 3" in (tmp_path / "lcov").read_text()


@pytest.mark.skipif(not fence.is_known(), reason="private names of coverage.py")
def test_files_are_analysed_once_for_all_reports(two: Callable[[str], Coverage]) -> None:
    from covernance_agent.reporting import KnownFile, Reporting  # noqa: PLC0415 - private names

    cov = two("[report]\nomit = bad.py,notes.txt\n")
    assert isinstance(cov, Reporting)
    assert isinstance(cov.files()["good.py"], KnownFile)
    assert cov.files()["good.py"] is cov.files()["good.py"]


@pytest.mark.reliability
def test_a_file_that_is_not_python_is_left_out_of_every_report(
    two: Callable[[str], Coverage], tmp_path: Path
) -> None:
    cov = two("[report]\nomit = bad.py\n")
    assert list(count(cov, ["a"])) == ["good.py"]
    for name in ("first", "second"):
        write_report(cov, FileReport("json", tmp_path / name, "api"))
        assert list(json.loads((tmp_path / name).read_bytes())["files"]) == ["good.py"]
