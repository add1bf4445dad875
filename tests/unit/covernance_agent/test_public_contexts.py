from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given

from covernance_agent import contexts, fence
from covernance_agent.data_file import opened
from covernance_agent.public_contexts import lines_by_context, merge_tests
from tests.unit.covernance_agent.measurements import MEASUREMENTS, Arcs, read_data, write_data
from tests.utils.properties import examples_divided_by

pytestmark = pytest.mark.reliability


@pytest.mark.architecture
@pytest.mark.skipif(not fence.is_known(), reason="`contexts` uses the public interface too")
@examples_divided_by(2)
@given(measured=MEASUREMENTS)
def test_results_are_those_of_the_fast_way(
    tmp_path_factory: pytest.TempPathFactory, measured: dict[str, Arcs]
) -> None:
    folder = tmp_path_factory.mktemp("data")
    write_data(folder / ".coverage", measured)
    fast, public = (Path(shutil.copy(folder / ".coverage", folder / name)) for name in "ab")
    assert lines_by_context(public) == contexts.lines_by_context(fast)
    merge_tests(public)
    contexts.merge_tests(fast)
    assert read_data(public) == read_data(fast)


def test_file_that_never_ran_stays_measured(tmp_path: Path) -> None:
    data_file = tmp_path / ".coverage"
    write_data(data_file, {"a|run|t.py::test_x": {"a.py": {(-1, 1)}}}, touched=["never.py"])
    assert lines_by_context(data_file)["never.py"] == {}
    merge_tests(data_file)
    with opened(data_file) as merged:
        merged.read()
        assert merged.measured_files() == {"a.py", "never.py"}


def test_lines_without_branches_are_their_themes(tmp_path: Path) -> None:
    data_file = tmp_path / ".coverage"
    with opened(data_file) as data:
        for context, lines in {"a": [1], "a|run": [2], "a|run|t.py::test_x": [2, 4]}.items():
            data.set_context(context)
            data.add_lines({"a.py": lines})
        data.write()
    merge_tests(data_file)
    assert lines_by_context(data_file) == {"a.py": {"a": "1", "a|run": "2,4"}}


def test_plugin_of_a_file_is_still_recorded(tmp_path: Path) -> None:
    data_file = tmp_path / ".coverage"
    with opened(data_file) as data:
        data.set_context("a|run|t.py::test_x")
        data.add_arcs({"a.py": [(-1, 1)], "page.html": [(-1, 1)]})
        data.add_file_tracers({"page.html": "templates.Plugin"})
        data.write()
    merge_tests(data_file)
    with opened(data_file) as merged:
        merged.read()
        assert merged.file_tracer("page.html") == "templates.Plugin"
        assert merged.file_tracer("a.py") == ""
