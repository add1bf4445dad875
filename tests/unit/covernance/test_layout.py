from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from covernance.layout import Layout

pytestmark = pytest.mark.architecture

LAYOUT = Layout(Path("/repository"))
KINDS = "json", "xml", "html"


def of_suite(name: str) -> list[Path]:
    """Every path that belongs to one suite."""
    return [
        *(LAYOUT.data(name), LAYOUT.contexts(name), LAYOUT.evidence(name)),
        *(LAYOUT.snapshot(name), LAYOUT.junit(name), LAYOUT.part(name)),
        *(LAYOUT.report(name, kind) for kind in KINDS),
        *(LAYOUT.partial(name, kind) for kind in KINDS),
    ]


def of_all() -> list[Path]:
    """Every path that all suites share."""
    properties = inspect.getmembers(Layout, lambda member: isinstance(member, property))
    return [getattr(LAYOUT, name) for name, _ in properties]


def test_every_path_is_in_the_results_folder() -> None:
    for path in (*of_suite("api"), *of_all()):
        assert path.is_relative_to("/repository/coverage")


@pytest.mark.reliability
def test_no_path_is_used_twice() -> None:
    paths = [*of_suite("api"), *of_suite("auth"), *of_all()]
    assert len(set(paths)) == len(paths)


def test_paths_that_other_tools_read_do_not_change() -> None:
    names = ["api.json", "api.xml", "html/api"]
    assert [LAYOUT.report("api", kind) for kind in KINDS] == [LAYOUT.folder / n for n in names]
    assert LAYOUT.junit("api") == LAYOUT.folder / "api.junit.xml"
    assert LAYOUT.snapshot("api") == LAYOUT.folder / "api.snapshot.json"
    assert LAYOUT.data("api") == LAYOUT.folder / "data/api/.coverage"
    assert LAYOUT.baseline == LAYOUT.folder / "baseline.json"
    assert LAYOUT.combined_html == LAYOUT.folder / "html/all"
    assert LAYOUT.partial("api", "html") == LAYOUT.folder / "partial/api-html"


@pytest.mark.reliability
def test_the_work_folder_is_on_the_file_system_of_the_results() -> None:
    assert LAYOUT.work.is_relative_to(LAYOUT.folder)
