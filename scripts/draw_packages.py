"""Draw the packages of the tool, and what they import: docs/images/packages.svg.

The layers are those of import-linter's contract in pyproject.toml. The imports are read from the
source, without those of `command` modules, which may import everything. Each box lists what its
package imports, without the kernel and without what follows from the other imports.
"""

from __future__ import annotations

import argparse
import ast
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).resolve().parent.parent
_PICTURE = "docs/images/packages.svg"
_TOOL = "covernance"
_KERNEL = "kernel"
_BANDS = {
    "faces": "sessions",
    "telling": "reports",
    "running": "engine",
    "judging": "gate",
    _KERNEL: "errors",
}
"""Each group of layers, from the top, with a package of its lowest layer."""

_BOX_WIDTH, _COLUMN, _COLUMNS = 134, 144, 6
_NAME_HEIGHT, _LINE_HEIGHT, _GAP = 26, 15, 12
_LEFT, _MARGIN = 84, 12
_WIDTH = _LEFT + _COLUMNS * _COLUMN + _GAP // 4

_AGENT = (
    "runs in the tested environment · needs its pytest and coverage · imports nothing of the tool "
    "· exchanges files with the package agent"
)

Graph = Mapping[str, frozenset[str]]
"""What each package imports."""

_STYLE = """\
  text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #59636e; text-anchor: middle }
  .name { font-size: 13px; font-weight: 600; fill: #1f2328 }
  .band { fill: #f6f8fa; stroke: #d1d9e0 }
  .box { fill: #ffffff; stroke: #59636e }
  .agent { fill: #ddf4ff; stroke: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .name { fill: #f0f6fc }
    .band { fill: #151b23; stroke: #3d444d }
    .box { fill: #0d1117; stroke: #9198a1 }
    .agent { fill: #121d2f; stroke: #4493f8 }
  }
"""


class Box(NamedTuple):
    """A package in the picture; lengths are pixels, from the top left corner.

    Attributes:
        name: The package.
        lines: What stands below its name.
    """

    name: str
    lines: Sequence[str]
    left: int
    top: int
    width: int
    height: int
    style: str = "box"

    def render(self) -> str:
        """The box as SVG."""
        middle = self.left + self.width // 2
        texts = [f'<text class="name" x="{middle}" y="{self.top + 18}">{self.name}</text>']
        for number, line in enumerate(self.lines):
            y = self.top + _NAME_HEIGHT + 8 + number * _LINE_HEIGHT
            texts.append(f'<text x="{middle}" y="{y}">{line}</text>')
        return "".join(
            (_rectangle(self.style, self.left, self.top, self.width, self.height), *texts)
        )


def write_picture(root: Path, target: Path) -> None:
    """Draw the packages of the repository at `root` to the file `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(render_picture(root), encoding="utf-8")


def render_picture(root: Path) -> str:
    """The packages of the repository at `root` as SVG; the same source gives the same text.

    Raises:
        ValueError: A package is missing in the contract.
    """
    bands = read_bands(root)
    graph = read_imports(root / "src" / _TOOL)
    members = {package for packages in bands.values() for package in packages}
    if missing := sorted(graph.keys() - members):
        msg = f"pyproject.toml: no layer of the contract has {', '.join(missing)}"
        raise ValueError(msg)
    return _svg(bands, reduce_graph(graph, frozenset(bands[_KERNEL])))


def read_bands(root: Path) -> dict[str, list[str]]:
    """The packages of each band, from the layers of the first contract in pyproject.toml."""
    with (root / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    names = iter(_BANDS)
    bands: dict[str, list[str]] = {}
    name = next(names)
    for layer in contracts[0]["layers"]:
        packages = [package.partition(".")[2] for package in re.split(r"[|:\s]+", layer)]
        bands.setdefault(name, []).extend(packages)
        if _BANDS[name] in packages:
            name = next(names, name)
    return bands


def read_imports(folder: Path) -> Graph:
    """What the packages and modules right below `folder` import of each other."""
    graph: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        package = path.relative_to(folder).with_suffix("").parts[0]
        if package == "__init__":
            continue
        imports = graph.setdefault(package, set())
        if path.name != "command.py":
            imports.update(_imported(ast.parse(path.read_bytes())))
            imports.discard(package)
    return {
        package: frozenset(imports & graph.keys()) for package, imports in sorted(graph.items())
    }


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            first, *rest = name.split(".")
            if first == _TOOL and rest:
                yield rest[0]


def reduce_graph(graph: Graph, kernel: frozenset[str]) -> Graph:
    """The imports to draw: without those that follow from others, or lead into the kernel."""
    own = {
        package: imports if package in kernel else imports - kernel
        for package, imports in graph.items()
    }
    return {
        package: frozenset(
            one for one in imports if not any(one in _reachable(own, via) for via in imports)
        )
        for package, imports in own.items()
    }


def _reachable(graph: Graph, package: str) -> frozenset[str]:
    """What a package imports, over at least one step."""
    found: set[str] = set()
    waiting = [package]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += sorted(new)
    return frozenset(found)


def _svg(bands: Mapping[str, Sequence[str]], graph: Graph) -> str:
    shapes: list[str] = []
    top = _MARGIN
    for name, packages in bands.items():
        boxes: list[Box] = []
        bottom = top + _GAP
        for start in range(0, len(packages), _COLUMNS):
            row = list(_boxes(packages[start : start + _COLUMNS], graph, bottom))
            bottom += row[0].height + _GAP
            boxes += row
        x, y = _LEFT // 2 + _MARGIN, (top + bottom) // 2 + 4
        shapes += [
            _rectangle("band", _MARGIN, top, _WIDTH, bottom - top),
            f'<text class="name" x="{x}" y="{y}">{name}</text>',
            *(box.render() for box in boxes),
        ]
        top = bottom + _MARGIN
    height = _NAME_HEIGHT + _LINE_HEIGHT + _GAP // 2
    agent = Box("covernance_agent", (_AGENT,), _MARGIN, top, _WIDTH, height, style="agent")
    total, top = _WIDTH + 2 * _MARGIN, top + height + _MARGIN
    body = "\n".join([*shapes, agent.render()])
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{top}" viewBox="0 0 {total} {top}">
<title>The packages of the tool in their layers, and the agent</title>
<style>
{_STYLE}</style>
{body}
</svg>
"""


def _rectangle(style: str, left: int, top: int, width: int, height: int) -> str:
    place = f'x="{left}" y="{top}" width="{width}" height="{height}"'
    return f'<rect class="{style}" {place} rx="5"/>'


def _boxes(row: Sequence[str], graph: Graph, top: int) -> Iterator[Box]:
    """The boxes of one row: below a package's name stands what it imports."""
    most = max(len(graph[package]) for package in row)
    height = _NAME_HEIGHT + most * _LINE_HEIGHT + (_GAP // 2 if most else 0)
    for column, package in enumerate(row):
        left = _MARGIN + _LEFT + column * _COLUMN
        yield Box(package, sorted(graph[package]), left, top, _BOX_WIDTH, height)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    write_picture(_ROOT, _ROOT / _PICTURE)
