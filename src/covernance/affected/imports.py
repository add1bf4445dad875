"""Which files of the repository importing others may execute: grimp's graph, read generously.

Beyond the imports that grimp sees, a file is taken to import

- the `__init__.py` of the packages around it, and around what it imports;
- each module that a quoted, dotted name in it begins with, and all below a package whose name goes
  on unknown (`f"app.plugins.{name}"`): plugins, `importlib.import_module` and `monkeypatch.setattr`
  take such names;
- where a name is no package of the graph, nor the standard library's, every file that has the name
  in its path, since a folder that grimp does not know may be on `sys.path`.

What no text tells (a name put together while running, a program that is started) is not found.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import msgspec

from covernance.affected.import_graph import Answer, Question
from covernance.errors import InputError

_QUOTED = re.compile(r"""["']([A-Za-z_]\w*(?:\.\w+)+)["':]""")
_OPEN_ENDED = re.compile(r"""["']([A-Za-z_]\w*(?:\.\w+)*)\.[{%"']""")
_INIT = "__init__"


class Imports:
    """The import graph of a repository's Python files."""

    def __init__(self, root: Path, python: Iterable[str], starts: Iterable[str]) -> None:
        """Prepare the graph; it is built when it is first asked.

        Args:
            root: The repository's root.
            python: Its Python files, relative to `root`.
            starts: Folders or files that are imported or collected; imports may begin at the
                folder that holds their outermost package.
        """
        self._root = root
        self._python = frozenset(python)
        self._followed: dict[str, set[str]] = {}
        self._roots = sorted({"", *(_import_root(root, start) for start in starts)})

    @cached_property
    def _modules(self) -> dict[str, frozenset[str]]:
        """The files of each name that a Python file may be imported by."""
        found: dict[str, set[str]] = {}
        for path in self._python:
            for folder in self._roots:
                if name := _module(path, folder):
                    found.setdefault(name, set()).add(path)
        return {name: frozenset(paths) for name, paths in found.items()}

    @cached_property
    def _graph(self) -> Mapping[str, Sequence[str]]:
        packages = {
            name.partition(".")[0]
            for name, paths in self._modules.items()
            if "." in name or any(path.endswith(f"/{_INIT}.py") for path in paths)
        }
        return _ask(self._root, self._roots, sorted(packages))

    @cached_property
    def _by_part(self) -> dict[str, set[str]]:
        """The files that have a name in their path."""
        found: dict[str, set[str]] = {}
        for path in self._python:
            for part in PurePosixPath(path).with_suffix("").parts:
                found.setdefault(part, set()).add(path)
        return found

    @cached_property
    def known(self) -> frozenset[str]:
        """The files whose imports the graph tells.

        Raises:
            InputError: grimp is not installed, or a file can't be parsed.
        """
        return frozenset(path for name in self._graph for path in self._modules.get(name, ()))

    def closure(self, files: Iterable[str]) -> frozenset[str]:
        """All files that importing some files may execute, themselves among them.

        Raises:
            InputError: grimp is not installed, or a file can't be parsed.
        """
        found = set(files)
        waiting = list(found)
        while waiting:
            path = waiting.pop()
            if path not in self._followed:
                self._followed[path] = self._next(path)
            news = self._followed[path] - found
            found |= news
            waiting += news
        return frozenset(found)

    def _next(self, path: str) -> set[str]:
        found = {
            init
            for folder in PurePosixPath(path).parents
            if (init := (folder / f"{_INIT}.py").as_posix()) in self._python
        }
        names = {name for folder in self._roots if (name := _module(path, folder))}
        for imported in {one for name in names for one in self._graph.get(name, ())}:
            found |= self._files(imported)
        if path not in self.known:
            found |= self._unscanned(path)
        text = self._text(path)
        for quoted in set(_QUOTED.findall(text)):
            found |= self._quoted(quoted)
        for beginning in set(_OPEN_ENDED.findall(text)):
            found |= self._below(beginning)
        return found

    def _unscanned(self, path: str) -> set[str]:
        """What a file imports that grimp passes over, as one whose name can't be imported."""
        found: set[str] = set()
        for node in ast.walk(_parsed(path, self._text(path))):
            match node:
                case ast.ImportFrom(level=0, module=str(module), names=names):
                    imported = [f"{module}.{name.name}" for name in names]
                case ast.ImportFrom():
                    around = PurePosixPath(path).parents[max(node.level - 1, 0)]
                    found |= {
                        near for near in self._python if PurePosixPath(near).is_relative_to(around)
                    }
                    continue
                case ast.Import(names=names):
                    imported = [name.name for name in names]
                case _:
                    continue
            for name in imported:
                found |= self._quoted(name) or self._files(name.partition(".")[0])
        return found

    def _files(self, module: str) -> set[str]:
        if module in self._graph:
            return set(self._modules.get(module, ()))
        if module in sys.stdlib_module_names:
            return {
                path
                for name, paths in self._modules.items()
                if name.partition(".")[0] == module
                for path in paths
            }
        return self._by_part.get(module, set())

    def _quoted(self, name: str) -> frozenset[str]:
        """The module that the longest beginning of a dotted name names."""
        while name and name not in self._graph:
            name = name.rpartition(".")[0]
        return self._modules.get(name, frozenset())

    def _below(self, package: str) -> set[str]:
        beginning = f"{package}."
        return {
            path
            for module, paths in self._modules.items()
            if package in self._graph and module.startswith(beginning)
            for path in paths
        }

    def _text(self, path: str) -> str:
        return (self._root / path).read_text(encoding="utf-8", errors="replace")


def _parsed(path: str, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        msg = f"imports can't be told: {path}: {error.msg} (line {error.lineno})"
        raise InputError(msg) from error


def _import_root(root: Path, start: str) -> str:
    """The folder that an import of `start` begins at: the one around its outermost package."""
    folder = PurePosixPath(start)
    if (root / start).is_file():
        folder = folder.parent
    while (root / folder / f"{_INIT}.py").is_file() and folder.name:
        folder = folder.parent
    return "" if folder == PurePosixPath() else folder.as_posix()


def _module(path: str, folder: str) -> str:
    """The name that a file is imported by from a folder; "" where it can't be."""
    file = PurePosixPath(path)
    if not file.is_relative_to(folder):
        return ""
    parts = file.relative_to(folder).with_suffix("").parts
    if parts[-1] == _INIT:
        parts = parts[:-1]
    return ".".join(parts) if all(part.isidentifier() for part in parts) else ""


def _ask(root: Path, roots: Sequence[str], packages: list[str]) -> Mapping[str, Sequence[str]]:
    if find_spec("grimp") is None:
        msg = "grimp is not installed, which tells who imports whom; "
        msg += "install 'covernance[affected]'"
        raise InputError(msg)
    question = Question([str(root / folder) for folder in roots], packages)
    done = subprocess.run(
        [sys.executable, "-m", "covernance.affected.import_graph"],
        input=msgspec.json.encode(question),
        cwd=root,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        msg = f"imports can't be told: {told[-1] if told else f'status {done.returncode}'}"
        raise InputError(msg)
    return msgspec.json.decode(done.stdout, type=Answer).imports
