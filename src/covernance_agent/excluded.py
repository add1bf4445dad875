"""The task `excluded`: the statements of source texts that need not run, and nothing else shows.

Statements that cannot run anyway, such as imports for type checkers, hide nothing. Neither does a
line that a pattern of the settings matches by itself, such as `raise NotImplementedError`, nor the
first line of a function or class, which runs on import. What remains is code inside of an excluded
block, and statements with a comment that excludes them.
"""

from __future__ import annotations

import io
import re
import tempfile
import tokenize
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from coverage import Coverage

from covernance_agent.settings import split_list
from covernance_agent.statements import statements

_HEADER = re.compile(r"@|(async\s+)?def\b|class\b")


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
    """Find the statements that would have to run without comments and settings.

    Args:
        text: A source, in which newlines end lines.
        exclude: The regular expressions of excluded lines.
    """
    hiding = [pattern for pattern in exclude if not _is_harmless(pattern)]
    if not any(re.search(pattern, text, re.MULTILINE) for pattern in hiding):
        return {}
    harmless = [pattern for pattern in exclude if _is_harmless(pattern)]
    hidden = _required(text, harmless) - _required(text, exclude)
    lines, code = text.split("\n"), _remove_comments(text).split("\n")
    return {
        line: lines[line - 1].strip()
        for line in sorted(hidden)
        if not _HEADER.match(code[line - 1].lstrip()) and not _matches(code[line - 1], hiding)
    }


def _is_harmless(pattern: str) -> bool:
    """Whether a pattern only excludes code that can't run."""
    return "TYPE_CHECKING" in pattern or pattern in _own_patterns()


@cache
def _own_patterns() -> tuple[str, ...]:
    """The patterns that coverage.py has by default, except those of comments."""
    patterns = Coverage(data_file=None, config_file=False).get_option("report:exclude_lines")
    return tuple(pattern for pattern in split_list(patterns) if not pattern.startswith("#"))


def _matches(line: str, patterns: Iterable[str]) -> bool:
    return any(re.search(pattern, line) for pattern in patterns)


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
