"""Packages that are measured wherever they are installed, because [paths] maps their files.

With `[paths] source = src/calc, */site-packages/calc`, coverage.py combines the results of an
installed copy into those of the source. It must measure the copy first, which is outside of the
suite's source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from covernance_agent.settings import split_list


def find_mapped_packages(paths: Iterable[object], source: Sequence[str]) -> list[str]:
    """The names of the packages in a suite's sources that a setting of [paths] maps.

    Args:
        paths: The values of [paths]: lists, or texts with a path per line or between commas. The
            first path of each is where files of the others are mapped to.
        source: The suite's sources, relative to the current folder, which is the root.
    """
    names: dict[str, None] = {}
    for value in paths:
        target, *others = split_list(value) or [""]
        if others:
            for path in source:
                if _overlap(PurePath(path), PurePath(target)):
                    names.update(dict.fromkeys(name for name, _ in find_packages(Path(path))))
    return list(names)


def _overlap(source: PurePath, target: PurePath) -> bool:
    """Whether one path is the other, or below it."""
    if target.is_absolute():
        source = Path.cwd() / source
    shorter = min(len(source.parts), len(target.parts))
    return source.parts[:shorter] == target.parts[:shorter]


def find_packages(folder: Path) -> Iterator[tuple[str, Path]]:
    """Find the package that a folder is, or else the packages in it: their names and folders."""
    if (folder / "__init__.py").is_file():
        yield name_module(str(folder)), folder
        return
    for path in sorted(folder.glob("*/__init__.py")):
        yield path.parent.name, path.parent


def name_module(path: str) -> str:
    """The dotted name of a module or package, from the packages that it is in."""
    folder = Path(path)
    parts = [folder.stem if path.endswith(".py") else folder.name]
    while (folder.parent / "__init__.py").is_file():
        folder = folder.parent
        parts.insert(0, folder.name)
    return ".".join(parts)
