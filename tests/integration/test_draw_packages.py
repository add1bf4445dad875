"""The script that draws the packages of the tool."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from scripts.draw_packages import (
    read_bands,
    read_imports,
    reduce_graph,
    render_picture,
    write_picture,
)

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs/images/packages.svg"

CONTRACT = """\
[[tool.importlinter.contracts]]
layers = ["covernance.sessions", "covernance.reports", "covernance.engine", "covernance.gate",
    "covernance.files | covernance.agent", "covernance.errors"]
"""


def test_committed_picture_is_current(tmp_path: Path) -> None:
    write_picture(ROOT, tmp_path / "images/packages.svg")
    assert (tmp_path / "images/packages.svg").read_bytes() == PICTURE.read_bytes(), (
        "run `python scripts/draw_packages.py`"
    )


def test_bands_hold_every_layer_of_the_contract_in_its_order() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = document["tool"]["importlinter"]["contracts"][0]["layers"]
    expected = [name.partition(".")[2] for layer in layers for name in layer.split(" | ")]
    bands = read_bands(ROOT)
    assert list(bands) == ["faces", "telling", "running", "judging", "kernel"]
    assert [name for packages in bands.values() for name in packages] == expected


def test_only_imports_that_nothing_else_implies_are_drawn() -> None:
    graph = {
        "reports": frozenset({"gate", "history", "errors"}),
        "gate": frozenset({"history", "files"}),
        "history": frozenset({"files", "errors"}),
        "files": frozenset({"errors"}),
        "errors": frozenset[str](),
    }
    assert reduce_graph(graph, frozenset({"files", "errors"})) == {
        "reports": {"gate"},
        "gate": {"history"},
        "history": set(),
        "files": {"errors"},
        "errors": set(),
    }


def write_tool(root: Path, sources: dict[str, str]) -> None:
    (root / "pyproject.toml").write_text(CONTRACT, encoding="utf-8")
    for name, text in sources.items():
        path = root / "src/covernance" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_imports_are_read_in_every_form_but_not_those_of_commands(tmp_path: Path) -> None:
    sources = {
        "__init__.py": "from covernance import gate",
        "errors.py": "",
        "files.py": "import covernance.errors",
        "gate/command.py": "from covernance.reports import state",
        "gate/floors.py": "def late():\n    from covernance import errors, files",
        "reports/state.py": "from covernance.gate import floors\nfrom covernance.reports import x",
    }
    write_tool(tmp_path, sources)
    assert read_imports(tmp_path / "src/covernance") == {
        "errors": set(),
        "files": {"errors"},
        "gate": {"errors", "files"},
        "reports": {"gate"},
    }


def test_package_without_a_layer_is_an_error(tmp_path: Path) -> None:
    write_tool(tmp_path, {"lost/found.py": ""})
    with pytest.raises(ValueError, match=r"no layer of the contract has lost"):
        render_picture(tmp_path)
