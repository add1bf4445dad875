"""The task `excluded`: the statements of source texts that need not run because of a comment."""

from __future__ import annotations

import io
import re
import tempfile
import tokenize
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from covernance_agent.statements import statements


def perform(task: dict[str, Any]) -> dict[str, Any]:
    """Find the excluded statements.

    Args:
        task: `sources`, texts by path, and `exclude`, the regular expressions of excluded lines.

    Returns:
        `sources`: for each path, the first lines of statements with their text.
    """
    sources: dict[str, str] = task["sources"]
    return {
        "sources": {path: find_excluded(text, task["exclude"]) for path, text in sources.items()}
    }


def find_excluded(text: str, exclude: Sequence[str]) -> dict[int, str]:
    """Find the statements that would have to run if the text had no comments.

    Args:
        text: A source, in which newlines end lines.
        exclude: The regular expressions of excluded lines.
    """
    versions = _remove_comments(text), text
    if _matches(versions[0], exclude) == _matches(versions[1], exclude):
        return {}
    required = [_required(version, exclude) for version in versions]
    lines = text.split("\n")
    return {line: lines[line - 1].strip() for line in sorted(required[0] - required[1])}


def _matches(text: str, exclude: Sequence[str]) -> list[set[tuple[int, int]]]:
    """The first and last lines that match each pattern, as coverage.py finds them."""
    return [
        {
            (text.count("\n", 0, match.start()), text.count("\n", 0, match.end()))
            for match in re.finditer(pattern, text, re.MULTILINE)
        }
        for pattern in exclude
    ]


def _required(text: str, exclude: Sequence[str]) -> set[int]:
    with tempfile.TemporaryDirectory(prefix="covernance-") as folder:
        path = Path(folder, "source.py")
        path.write_bytes(text.encode())
        return set(statements(str(path), exclude) or ())


def _remove_comments(text: str) -> str:
    """Remove the comments of a source; the lines stay. No change if the text is not Python."""
    lines = text.split("\n")
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                lines[line - 1] = lines[line - 1][:column]
    except (tokenize.TokenError, SyntaxError):
        return text
    return "\n".join(lines)
