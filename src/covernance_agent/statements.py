"""The task `statements`: where statements begin and end in sources, and which must run."""

from __future__ import annotations

import io
import token
import tokenize
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from coverage import Coverage
from coverage.exceptions import NoSource, NotPython

from covernance_agent.failures import UNREADABLE, MachineError
from covernance_agent.lines import encode
from covernance_agent.settings import Settings, read_current_settings

Span = tuple[int, int]
"""The first and the last line of a statement."""


def perform(task: dict[str, Any]) -> dict[str, Any]:
    """Find the statements of sources.

    Args:
        task: `sources`, paths from the current folder, and `required`, whether it matters which
            statements must run.

    Returns:
        `sources`, by path: `spans`, `must_run` (null if the text is not Python or `required` is
        false) and `measured`, whether the settings include the file.

    Raises:
        ConfigError: coverage.py can't read the settings.
        MachineError: A source can't be read.
    """
    settings = read_current_settings() if task["required"] else None
    return {"sources": {path: _source(path, settings) for path in task["sources"]}}


def _source(path: str, settings: Settings | None) -> dict[str, Any]:
    multiline = spans(read_source(path))
    must_run = None if settings is None else statements(path, settings.exclude)
    return {
        "spans": multiline,
        "must_run": None if must_run is None else encode(must_run),
        "measured": settings is None or settings.measures(Path.cwd() / path),
    }


def spans(text: str) -> list[Span]:
    """The statements that span several lines, in order; empty if the text is not Python.

    A statement with a body, such as `if`, ends where its body begins.
    """
    multiline: list[Span] = []
    first = 0
    try:
        for kind, word, (start, _), (end, _), _ in tokenize.generate_tokens(
            io.StringIO(text).readline
        ):
            if kind == token.NEWLINE:
                if first and end != first:
                    multiline.append((first, end))
                first = 0
            elif not first and word.strip() and kind != tokenize.COMMENT:
                first = start
    except (tokenize.TokenError, SyntaxError):
        return []
    return multiline


def read_source(path: str) -> str:
    """Read a source as Python does, with newlines; empty if it is missing or not Python.

    Raises:
        MachineError: The file can't be read.
    """
    if is_special(path):
        return ""
    try:
        with tokenize.open(path) as stream:
            return stream.read()
    except (FileNotFoundError, SyntaxError, UnicodeDecodeError):
        return ""
    except OSError as error:
        msg = f"{path}: can't be read: {error.strerror or error}"
        raise MachineError(msg) from error


def statements(path: str, exclude: Sequence[str]) -> Iterable[int] | None:
    """The statements that must run, by their first lines; None if it can't be parsed.

    Args:
        path: The source.
        exclude: The regular expressions of lines that need not run.
    """
    if is_special(path):
        return None
    cov = Coverage(data_file=None, config_file=False)
    cov.set_option("report:exclude_lines", list(exclude))
    try:
        return cov.analysis2(path)[1]
    except (NotPython, NoSource, *UNREADABLE):
        return None


def is_special(path: str) -> bool:
    """Whether a path is a folder, or a FIFO or the like, whose opening could wait for ever."""
    return Path(path).exists() and not Path(path).is_file()
