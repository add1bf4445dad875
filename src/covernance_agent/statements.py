"""The task `statements`: where statements begin and end in source texts, and which must run."""

from __future__ import annotations

import io
import tempfile
import token
import tokenize
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from coverage import Coverage
from coverage.exceptions import NotPython

from covernance_agent.failures import UNREADABLE
from covernance_agent.lines import encode
from covernance_agent.settings import Settings, read_settings

Span = tuple[int, int]
"""The first and the last line of a statement."""


def perform(task: dict[str, Any]) -> dict[str, Any]:
    """Find the statements of sources.

    Args:
        task: `sources`, texts by path from the current folder, and `settings`, the texts of
            coverage.py's files by name; null if it does not matter which statements must run.

    Returns:
        `sources`, by path: `spans`, `must_run` (null if the text is not Python or `settings` is
        null) and `measured`, whether the settings include the file.

    Raises:
        ConfigError: coverage.py can't read the settings.
    """
    settings = None if task["settings"] is None else read_settings(task["settings"])
    texts: dict[str, str] = task["sources"]
    return {"sources": {path: _source(path, text, settings) for path, text in texts.items()}}


def _source(path: str, text: str, settings: Settings | None) -> dict[str, Any]:
    must_run = None if settings is None else statements(text, settings.exclude)
    return {
        "spans": spans(text),
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


def statements(text: str, exclude: Sequence[str]) -> Iterable[int] | None:
    """The statements that must run, by their first lines; None if it can't be parsed.

    Args:
        text: The source.
        exclude: The regular expressions of lines that need not run.
    """
    with tempfile.TemporaryDirectory(prefix="covernance-") as folder:
        copy = Path(folder, "source.py")
        copy.write_text(text, encoding="utf-8")
        cov = Coverage(data_file=None, config_file=False)
        cov.set_option("report:exclude_lines", list(exclude))
        try:
            return cov.analysis2(str(copy))[1]
        except (NotPython, *UNREADABLE):
            return None
