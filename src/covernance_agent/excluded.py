"""The task `excluded`: the statements of source texts that need not run, and nothing else shows.

Statements that cannot run anyway, such as imports for type checkers, hide nothing, unless the
source gives `TYPE_CHECKING` another value. Neither does a line that a pattern of the settings
matches by itself, such as `raise NotImplementedError`, nor the first line of a function or class,
which runs on import. What remains is code inside of an excluded block, and statements with a
comment that excludes them.
"""

from __future__ import annotations

import ast
import io
import re
import tempfile
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from coverage import Coverage

from covernance_agent.settings import split_list
from covernance_agent.statements import statements

_NEVER = "TYPE_CHECKING"
"""The name that is false except for type checkers."""

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
    names = "" if _redefines(text, _NEVER) else _NEVER
    harmless = [pattern for pattern in exclude if _is_harmless(pattern, names)]
    hiding = [pattern for pattern in exclude if pattern not in harmless]
    if not any(re.search(pattern, text, re.MULTILINE) for pattern in hiding):
        return {}
    hidden = _required(text, harmless) - _required(text, exclude)
    lines, code = text.split("\n"), _remove_comments(text).split("\n")
    return {
        line: lines[line - 1].strip()
        for line in sorted(hidden)
        if not _HEADER.match(code[line - 1].lstrip()) and not _matches(code[line - 1], hiding)
    }


def _is_harmless(pattern: str, never: str) -> bool:
    """Whether a pattern only excludes code that can't run; `never` is a name that is false."""
    if _NEVER in pattern:
        return bool(never)
    return pattern in _own_patterns()


def _redefines(text: str, name: str) -> bool:
    """Whether a source gives a name of `typing` another value than `False`, so that it may be true.

    A text that is not Python redefines nothing; one that is nested too deeply to be read may do so.
    """
    if name not in text:
        return False
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        return False
    except (RecursionError, MemoryError):
        return True
    return any(_assigns(node, name) or _imports(node, name) for node in nodes)


def _assigns(node: ast.AST, name: str) -> bool:
    """Whether a node assigns anything but `False` to a name, or to `typing`."""
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        if isinstance(node.value, ast.Constant) and not node.value.value:
            return False
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(_names(part) in (name, "typing") for part in _walk_all(targets))
    return isinstance(node, ast.NamedExpr) and node.target.id in (name, "typing")


def _walk_all(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        yield from ast.walk(node)


def _names(node: ast.AST) -> str:
    """The name that a node reads or assigns, without what it belongs to; "" for other nodes."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _imports(node: ast.AST, name: str) -> bool:
    """Whether a node imports a name from elsewhere than `typing`."""
    if isinstance(node, ast.ImportFrom):
        from_typing = node.module in ("typing", "typing_extensions")
        return any(
            (alias.asname or alias.name) in (name, "typing")
            and not (from_typing and alias.name == name)
            for alias in node.names
        )
    return isinstance(node, ast.Import) and any(
        alias.asname == "typing" and alias.name != "typing" for alias in node.names
    )


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
