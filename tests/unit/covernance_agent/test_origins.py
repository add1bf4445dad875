from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from covernance_agent.origins import find_origins

pytestmark = pytest.mark.reliability


def module(file: str | None = None, path: list[str] | None = None) -> ModuleType:
    made = ModuleType("made")
    made.__file__ = file
    if path is not None:
        made.__path__ = path
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("src/calc/__init__.py", "lib/one/__init__.py", "lib/two.py", "src/ns/part/x.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("src/calc", "calc"),
        ("src/calc", "src.calc"),
        ("src", "calc"),
        ("lib", "one"),
        ("lib", "two"),
        ("src/ns/part", "ns.part"),
        ("src/ns/part", "part"),
        ("src/ns/part", "x"),
    ],
)
def test_module_of_a_source_is_found_by_its_name(root: Path, source: str, name: str) -> None:
    modules = {name: module("/env/calc.py"), "unrelated": module("/env/unrelated.py")}
    assert find_origins([source], root, modules) == {source: (name, "/env/calc.py", "")}


def test_longest_name_counts(root: Path) -> None:
    modules = {"ns.part": module("/env/ns/part.py"), "part": module("/env/part.py")}
    assert find_origins(["src/ns/part"], root, modules)["src/ns/part"][0] == "ns.part"


def test_files_of_the_project_are_relative_to_its_root(root: Path) -> None:
    modules = {"calc": module(str(root / "src" / ".." / "site" / "calc.py"))}
    assert find_origins([str(root / "src/calc")], root, modules) == {
        str(root / "src/calc"): ("calc", "site/calc.py", "")
    }


def test_namespace_package_has_a_folder(root: Path) -> None:
    modules = {"ns.part": module(path=["/env/ns/part"])}
    assert find_origins(["src/ns/part"], root, modules)["src/ns/part"][1] == "/env/ns/part"


def test_sources_that_were_not_imported_are_left_out(root: Path) -> None:
    assert find_origins(["src/calc", "lib"], root, {}) == {}
    modules = {"calc": module(), "one": module(path=[])}
    assert find_origins(["src/calc", "lib"], root, modules) == {}


def test_standard_library_is_no_origin(tmp_path: Path) -> None:
    (tmp_path / "tools/json").mkdir(parents=True)
    assert find_origins(["tools/json"], tmp_path) == {}


def test_source_outside_the_root_has_the_name_of_its_folder(tmp_path: Path) -> None:
    modules = {"calc": module("/env/calc.py")}
    for source in ("../calc", str(tmp_path / "calc")):
        assert find_origins([source], tmp_path / "a", modules) == {
            source: ("calc", "/env/calc.py", "")
        }


def test_modules_of_this_process_are_the_default() -> None:
    root = Path(__file__).parents[3]
    name, file, _ = find_origins(["src/covernance_agent"], root)["src/covernance_agent"]
    assert (name, Path(file).name) == ("covernance_agent", "__init__.py")
