"""What decides the result of a suite: its sources, tests and settings, by content."""

from __future__ import annotations

import hashlib
import os
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from configparser import Error as ConfigParserError
from configparser import RawConfigParser
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec

from covernance.agent.sources import RCFILE
from covernance.agent.sources import SETTINGS_FILES as COVERAGE_FILES
from covernance.config import Suite
from covernance.context import Context
from covernance.git.listing import list_files
from covernance.model.paths import find_folder, list_folders_above

CHANGED_MEANWHILE = "changed while the suite ran"
"""In place of a digest: the file had no single content during the run."""

_PYTEST_FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
_PYPROJECT = "pyproject.toml"
_SECTIONS = ("pytest", "coverage")
"""The tables below `[tool]` in pyproject.toml that belong to pytest and coverage.py."""

_LATER = ("max_drop", "patch_fail_under", "patch_max_drop", "theme_max_drop")
"""Keys of a suite that are read when its result is compared with another one or with a change."""
_ELSEWHERE = ("python", "requirements", "shards", "xdist")
"""Keys that decide where and how its tests run."""

_DIGEST_BYTES = 16
_MOST_DIGESTS = 50_000
_NO_SOURCES = {"__pycache__", "node_modules"}


class Contents:
    """The contents of the files that decide the results of suites, at one moment."""

    def __init__(self, context: Context) -> None:
        """Prepare to read the files of a context; they are read when a suite is asked for."""
        self._context = context
        self._root = context.root
        self._digests: dict[str, str] = {}

    def of_suite(self, suite: Suite, others: Iterable[str] = ()) -> dict[str, str]:
        """Return a digest per Python file of a suite, per settings file, and of its table.

        Files that git ignores are left out, unless all files of a source are. So is the exception
        register: it is read when a result is judged, and edited afterwards.

        Args:
            suite: The suite.
            others: More files to include, if they exist, such as data that its tests read. As in
                what is returned, paths are relative to the folder of the table.
        """
        python = {name for name in self._files if belongs(name, suite)}
        above = {
            folder
            for path in suite.tests
            for folder in (path, *list_folders_above(path), find_folder(path), ".")
        }
        python |= {os.path.normpath(f"{folder}/conftest.py") for folder in above}
        digests = {_encodable(path): self._digest(path) for path in python}
        digests |= self._settings(sorted(above))
        for path in digests.keys() ^ {*digests, *others}:
            digests[path] = self._digest(path)
        digests[name_table(suite)] = _digest(_describe_table(suite))
        register = self._context.table.exceptions.register
        return {path: digest for path, digest in digests.items() if digest and path != register}

    @cached_property
    def _files(self) -> frozenset[str]:
        """The Python files of all suites."""
        suites = self._context.table.suites
        paths = sorted({path for suite in suites for path in (*suite.source, *suite.tests)})
        listed = list_files(self._root, paths) or frozenset()
        # Other repositories, and links to folders.
        folders = {name for name in listed if os.path.isdir(f"{self._root}/{name}")}  # noqa: PTH112 - many strings
        unlisted = {path for path in paths if not any(_is_below(name, path) for name in listed)}
        walked = {name for path in folders | unlisted for name in self._walk(path)}
        return frozenset(name for name in listed | walked if name.endswith(".py"))

    def _digest(self, path: str) -> str:
        if path not in self._digests:
            read = _digest_file if path.endswith(".py") else _digest_settings
            self._digests[path] = read(f"{self._root}/{path}")
        return self._digests[path]

    def _walk(self, path: str) -> Iterator[str]:
        if (self._root / path).is_file():
            yield path
        for folder, below, names in os.walk(self._root / path):
            below[:] = [
                name
                for name in below
                if name not in _NO_SOURCES
                and not name.startswith(".")
                and not Path(folder, name, "pyvenv.cfg").exists()
                and Path(folder, name) != self._context.layout.folder
            ]
            yield from (os.path.relpath(os.path.join(folder, name), self._root) for name in names)  # noqa: PTH118 - many strings

    @cached_property
    def _named(self) -> tuple[str, ...]:
        """The file that `COVERAGE_RCFILE` names, if it is in the folder of the table."""
        if not (named := self._context.environ.get(RCFILE)):
            return ()
        path = os.path.relpath(self._root / named, self._root)
        return () if path.startswith("..") else (path,)

    def _settings(self, folders: Iterable[str]) -> dict[str, str]:
        """The digests of what belongs to pytest and coverage.py in files of settings."""
        names = {*COVERAGE_FILES, *self._named}
        names |= {
            os.path.normpath(f"{folder}/{name}")
            for folder in folders
            for name in (*_PYTEST_FILES, _PYPROJECT)
        }
        return {_encodable(name): self._digest(name) for name in names}


def belongs(name: str, suite: Suite) -> bool:
    """Whether a file is below the sources or the tests of a suite."""
    return any(_is_below(name, path) for path in (*suite.source, *suite.tests))


def _is_below(name: str, path: str) -> bool:
    return path in (".", name) or name.startswith(f"{path}/")


def settle(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return the contents of a run from those at its start and its end.

    A file that was edited, added or deleted in between has `CHANGED_MEANWHILE`.
    """
    return {
        path: before[path] if before.get(path) == after.get(path) else CHANGED_MEANWHILE
        for path in sorted({*before, *after})
    }


def name_table(suite: Suite) -> str:
    """Name the table of a suite as it is written in pyproject.toml."""
    return f"[tool.covernance.suites.{suite.name}]"


def _digest_settings(path: str) -> str:
    """The digest of what belongs to pytest and coverage.py in a file; "" if nothing does."""
    content = _read(path)
    if content is None:
        return ""
    name = os.path.basename(path)  # noqa: PTH119 - many strings
    if name == _PYPROJECT:
        return _digest_pyproject(content)
    if name in {"setup.cfg", "tox.ini"}:
        return _digest_sections(content)
    return _digest(content)


def _digest_pyproject(content: bytes) -> str:
    try:
        tools = tomllib.loads(content.decode()).get("tool", {})
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return _digest(content)
    own = {name: tools[name] for name in _SECTIONS if name in tools}
    return _digest(msgspec.json.encode(own, order="sorted", enc_hook=str)) if own else ""


def _digest_sections(content: bytes) -> str:
    parser = RawConfigParser(strict=False)
    try:
        parser.read_string(content.decode())
    except (UnicodeDecodeError, ConfigParserError):
        return _digest(content)
    own = {
        name: dict(parser[name])
        for name in parser.sections()
        if name.removeprefix("tool:").startswith(_SECTIONS)
    }
    return _digest(msgspec.json.encode(own, order="sorted")) if own else ""


def _describe_table(suite: Suite) -> bytes:
    """The keys of a suite that decide its result, without those that have their defaults."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(Suite)}
    keys = {
        name: value
        for name, value in msgspec.structs.asdict(suite).items()
        if name not in (*_LATER, *_ELSEWHERE) and value and value != defaults[name]
    }
    return msgspec.json.encode(keys, order="sorted", enc_hook=str)


def _encodable(path: str) -> str:
    """A path as text that JSON can hold."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).hexdigest()


def _digest_file(path: str) -> str:
    try:
        state = os.stat(path)  # noqa: PTH116 - many strings
    except OSError:
        return ""
    return _digest_state(path, (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns))


@lru_cache(maxsize=_MOST_DIGESTS)
def _digest_state(path: str, _state: tuple[int, ...]) -> str:
    """The digest of a file in a state, which a process reads once for several commands' parts.

    No program can set the time of the last change of a file's state (`st_ctime_ns`).
    """
    content = _read(path)
    return "" if content is None else _digest(content)


def _read(path: str) -> bytes | None:
    """Read a regular file; None for anything else, and for a file that can't be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - many strings
            return None
        with open(path, "rb") as stream:  # noqa: PTH123 - many strings
            return stream.read()
    except OSError:
        return None
