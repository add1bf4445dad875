"""From which files a pass imported the modules of the suite's sources."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from covernance_agent.installed_copies import find_difference
from covernance_agent.mapped_packages import find_packages

Origins = dict[str, tuple[str, str, str]]
"""By source: the name of an imported module, its file, or its folder if it has no file, and the
first source file that differs from an installed copy, or ""."""


def find_origins(
    sources: Sequence[str], root: Path, modules: Mapping[str, ModuleType] | None = None
) -> Origins:
    """Find the modules that were imported under the names of the sources, from wherever.

    A source whose names were not imported is left out.

    Args:
        sources: The folders of a suite, absolute or relative to `root`.
        root: The root of the project; files below it are given relative to it.
        modules: The imported modules, if not those of this process.
    """
    imported = dict(sys.modules if modules is None else modules)
    origins: Origins = {}
    for source in sources:
        for name in _names(root / source, root):
            if origin := _origin(imported.get(name)):
                different = _find_different(root / source, name, origin)
                origins[source] = (name, _relative(origin, root), _relative(different, root))
                break
    return origins


def _names(folder: Path, root: Path) -> Iterator[str]:
    """The names under which a folder, or else what is in it, may be imported, the longest first."""
    try:
        parts = folder.relative_to(root).parts
    except ValueError:
        parts = (folder.name,)
    yield from _without_standard(".".join(parts[start:]) for start in range(len(parts)))
    if not (folder / "__init__.py").is_file():
        packages = sorted(path.parent.name for path in folder.glob("*/__init__.py"))
        yield from _without_standard(packages)
        yield from _without_standard(sorted(path.stem for path in folder.glob("*.py")))


def _without_standard(names: Iterable[str]) -> Iterator[str]:
    """Leave out names of the standard library, which are imported from there."""
    standard: Iterable[str] = getattr(sys, "stdlib_module_names", sys.builtin_module_names)
    return (name for name in names if name not in standard)


def _origin(module: object) -> str | None:
    """The file of a module, or the folder of a package without a file."""
    file = getattr(module, "__file__", None)
    if isinstance(file, str):
        return file
    try:
        return str(next(iter(getattr(module, "__path__", ()))))
    except (StopIteration, TypeError):
        return None


def _find_different(source: Path, name: str, origin: str) -> str:
    """Find the source file of a package that differs from that of an installed copy; "" if none."""
    for package, folder in find_packages(source):
        if package == name and Path(origin).name == "__init__.py":
            different = find_difference(folder, Path(origin).parent)
            return str(folder / different) if different else ""
    return ""


def _relative(path: str, root: Path) -> str:
    """A path relative to the root, if it is below; "" stays as it is."""
    if not path:
        return ""
    absolute = os.path.normpath(root / path)
    below = f"{root}{os.sep}"
    return absolute.removeprefix(below)
