from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from covernance_agent import combining, fence
from covernance_agent.failures import InputError
from covernance_agent.public_counting import file_results
from tests.unit.covernance_agent.results import count, decoded

pytestmark = pytest.mark.reliability

SOURCE = """\
def sign(x):
    if x < 0:
        return -1
    return 1
def never(x):
    if x:
        return 2
    return 3
"""
SETTINGS = "[run]\nbranch = true\nrelative_files = true\n"
RAN = {
    "a.b": {"one.py": [(-1, 1)], "two.py": [(-1, 1)]},
    "a.b|run": {"one.py": [(-1, 2), (2, 3), (3, -1)]},
    "a.b|run|t.py::test_x": {"two.py": [(-1, 2), (2, 4)]},
    "axb": {"one.py": [(-1, 1), (1, 5), (5, -1)]},
    "axb|run": {"one.py": [(-1, 2), (2, 4), (4, -1)]},
}


def reopen() -> Coverage:
    cov = Coverage()
    cov.load()
    return cov


@pytest.fixture
def folder(tmp_path: Path, measured: Callable[[Any], Coverage]) -> Path:
    """The current folder, with data of two files."""
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(SOURCE)
    measured(RAN)
    return tmp_path


def test_name_of_a_theme_is_taken_literally(folder: Path) -> None:
    assert folder
    cells = file_results(reopen, ["a.b", "axb"])["one.py"]["themes"]
    assert (cells["a.b"]["executed_lines"], cells["a.b"]["earnable"]) == ("1-3", "2-8")
    assert (cells["axb"]["executed_lines"], cells["axb"]["earnable"]) == ("1-2,4-5", "2-4,6-8")


@pytest.mark.skipif(not fence.is_known(), reason="this is the only way of counting")
@pytest.mark.parametrize(
    ("settings", "files"),
    [
        ("[report]\nomit = one.py\n", ["two.py"]),
        ("[report]\ninclude = one.py\n", ["one.py"]),
        ("[report]\nexclude_also = if x < 0\nskip_covered = true\n", ["one.py", "two.py"]),
        ("[report]\ncontexts = nothing\nprecision = 3\n", ["one.py", "two.py"]),
        ("[json]\nshow_contexts = true\n", ["one.py", "two.py"]),
        ("[report]\nomit = *.py\n", []),
    ],
)
def test_settings_have_the_effect_that_they_have_on_the_fast_way(
    folder: Path, settings: str, files: list[str]
) -> None:
    (folder / ".coveragerc").write_text(SETTINGS + settings)
    results = decoded(file_results(reopen, ["a.b", "axb"]))
    assert [*results] == files
    cov = combining.load(folder / ".coverage", folder / ".analysis", config_file=True)
    assert results == count(cov, ["a.b", "axb"])


def test_unreadable_source_is_a_clear_error_unless_the_settings_ignore_it(folder: Path) -> None:
    (folder / "two.py").write_text("def f(:\n")
    with pytest.raises(InputError, match=r"can't analyse the sources: .*two\.py"):
        file_results(reopen, ["a.b"])
    (folder / ".coveragerc").write_text(SETTINGS + "[report]\nignore_errors = true\n")
    with pytest.warns(match=r"two\.py"):
        assert [*file_results(reopen, ["a.b"])] == ["one.py"]
