"""Recordings of which tests ran which lines, from full runs with one context per test."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from covernance import files
from covernance.agent.sources import map_first_lines
from covernance.config import Suite
from covernance.git import changes
from covernance.layout import Layout
from covernance.model import document, lines, snapshot
from covernance.model.context_name import ContextName
from covernance.model.python_source import decode_text
from covernance.model.snapshot import Snapshot

TESTS = "tests.json"
"""The file, written by an agent, with the lines that each test executed."""

_SNAPSHOT = "snapshot.json"
_SOURCES = "sources.zip"
_SAME_TIME = (1980, 1, 1, 0, 0, 0)


class RanFile(msgspec.Struct, frozen=True):
    """The tests that executed lines of a file.

    Attributes:
        spans: The first and last lines of its statements that span several.
        lines: The lines that a context executed, by the number of the context, as Python reported
            them: they may be continuation lines of statements.
    """

    spans: list[tuple[int, int]] = []
    lines: dict[int, str] = {}


class Recording(msgspec.Struct, frozen=True):
    """The tests that executed lines of a suite; a context's number is its index in the list."""

    schema: Literal[1]
    contexts: list[str]
    files: dict[str, RanFile]


def publish_recording(
    staged: Path, suite: Suite, result: Snapshot, layout: Layout
) -> tuple[Path, ...]:
    """Publish a run's contexts, with the texts of the files that they refer to.

    Args:
        staged: The folder with `TESTS`, which is moved; it does not exist if the run had no test
            contexts.
        suite: The suite.
        result: The run's result.
        layout: The paths of results.

    Returns:
        The folder, if there is one.
    """
    if not staged.is_dir():
        return ()
    files.write_atomic(staged / _SNAPSHOT, result.encode())
    tests = (layout.root / path for path in suite.tests)
    written = {path.relative_to(layout.root).as_posix() for path in list_python_files(tests)}
    with zipfile.ZipFile(staged / _SOURCES, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted({*result.files, *written}):
            archive.writestr(zipfile.ZipInfo(name, _SAME_TIME), (layout.root / name).read_bytes())
    target = layout.contexts(suite.name)
    with files.locked(layout.lock):
        files.publish_folder(staged, target)
    return (target,)


class Tested:
    """The recording of one suite."""

    def __init__(self, suite: Suite, folder: Path) -> None:
        """Read the recording in `folder`.

        Raises:
            InputError: It is damaged.
        """
        self.suite = suite
        self._folder = folder
        self.snapshot = snapshot.read(folder / _SNAPSHOT)

    @cached_property
    def paths(self) -> frozenset[str]:
        """The files whose texts are stored: the sources and the Python files of the tests."""
        with zipfile.ZipFile(self._folder / _SOURCES) as archive:
            return frozenset(archive.namelist())

    def text(self, path: str) -> str:
        """A file as it was in the run."""
        with zipfile.ZipFile(self._folder / _SOURCES) as archive:
            return decode_text(path, archive.read(path))

    def is_edited(self, root: Path, path: str) -> bool:
        """Whether a file whose text is stored has changed or is gone."""
        return path in self.paths and changes.read_working_file(root, path) != self.text(path)

    @cached_property
    def _recording(self) -> Recording:
        what = "a recording of which tests ran which lines"
        remedy = f"run {format_command(self.suite.name)} again"
        return document.read(self._folder / TESTS, Recording, what, remedy)

    def file(self, path: str) -> TestedFile:
        """The recording of a measured file.

        Raises:
            InputError: The recording is damaged.
        """
        ran = self._recording.files.get(path, RanFile())
        named = {self._recording.contexts[number]: text for number, text in ran.lines.items()}
        return TestedFile(
            self.text(path), self.snapshot.files[path], map_first_lines(ran.spans), named
        )


class TestedFile:
    """The tests that ran statements of one file, with the line numbers of the run."""

    def __init__(
        self,
        text: str,
        result: snapshot.FileResult,
        first: Mapping[int, int],
        ran: Mapping[str, str],
    ) -> None:
        """Join the lines that each context `ran` to the statements that they belong to.

        `first` has the first line of the statement, for each line of one that spans several.
        """
        self.text = text
        self._first = first
        self.never = lines.decode(result.missing_lines)
        self.statements = lines.decode(result.executed_lines) | self.never
        self.imported = lines.decode(result.imported_lines)
        self._contexts: dict[int, set[str]] = {}
        for context, executed in ran.items():
            for line in lines.decode(executed):
                self._contexts.setdefault(self.statement(line), set()).add(context)

    def statement(self, line: int) -> int:
        """The first line of the statement that `line` belongs to."""
        return self._first.get(line, line)

    def at(self, lines: range) -> frozenset[int]:
        """The statements in a range of lines; if there are none, the ones before and after."""
        statements = self.statements.intersection(map(self.statement, lines))
        before = [line for line in self.statements if line < lines.start]
        after = [line for line in self.statements if line >= lines.stop]
        return statements or frozenset((*sorted(before)[-1:], *sorted(after)[:1]))

    def ran(self, line: int) -> frozenset[tuple[str, str]]:
        """The (theme, node id) pairs that ran a line's statement; "" is session setup."""
        names = map(ContextName.parse, self._contexts.get(self.statement(line), ()))
        return frozenset((name.theme, name.test) for name in names if name.after_collection)


def load(layout: Layout, suite: Suite) -> Tested | None:
    """Read the recording of a suite; None if there is none.

    Raises:
        InputError: It is damaged.
    """
    folder = layout.contexts(suite.name)
    return Tested(suite, folder) if folder.is_dir() else None


def format_command(suite: str) -> str:
    """The command that writes the recording of a suite."""
    return f"`covernance run --suite {suite} --contexts=test`"


def list_python_files(paths: Iterable[Path]) -> Iterable[Path]:
    """List the Python files in folders, and paths that are files."""
    for path in paths:
        yield from filter(Path.is_file, path.rglob("*.py")) if path.is_dir() else [path]
