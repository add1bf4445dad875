from __future__ import annotations

import sys
from pathlib import Path

import pytest

from covernance_agent.installed_copies import Copy, find_difference, find_equal_copies

pytestmark = pytest.mark.reliability

FILES = {"__init__.py": "A = 1\n", "part/__init__.py": "B = 2\n", "part/c.py": "C = 3\n"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment's folder with a copy of the package `calc`, whose source is `src/calc`."""
    site = tmp_path / "env/site-packages"
    for folder in (tmp_path / "root/src/calc", site / "calc"):
        for name, text in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    monkeypatch.chdir(tmp_path / "root")
    monkeypatch.setattr(sys, "path", ["", str(tmp_path / "root/src"), str(site), str(site)])
    return site


@pytest.mark.parametrize(
    ("source", "name", "folder", "pattern"),
    [
        ("src/calc", "calc", "src/calc", "*/site-packages/calc"),
        ("src", "calc", "src/calc", "*/site-packages/calc"),
        ("src/calc/part", "calc.part", "src/calc/part", "*/site-packages/calc/part"),
    ],
)
def test_an_equal_copy_is_found_once(
    site: Path, source: str, name: str, folder: str, pattern: str
) -> None:
    (copy,) = find_equal_copies([source])
    assert copy == Copy(name, Path(folder), site.joinpath(*name.split(".")))
    assert copy.pattern == pattern


def test_a_copy_of_which_one_file_differs_does_not_count(site: Path) -> None:
    (site / "calc/part/c.py").write_text("C = 4\n")
    assert find_equal_copies(["src/calc"]) == []
    assert find_difference(Path("src/calc"), site / "calc") == "part/c.py"


def test_files_that_a_build_generated_or_left_out_make_no_difference(site: Path) -> None:
    (site / "calc/_version.py").write_text("VERSION = 1\n")
    (site / "calc/part/c.py").unlink()
    (copy,) = find_equal_copies(["src/calc"])
    assert copy.list_generated() == ["*/site-packages/calc/_version.py"]


def test_links_to_the_source_are_no_copies(site: Path, tmp_path: Path) -> None:
    (site / "calc").rename(tmp_path / "unused")
    (site / "calc").symlink_to(tmp_path / "root/src/calc")
    assert find_equal_copies(["src/calc"]) == []
