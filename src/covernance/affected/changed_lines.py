"""Differences between two texts, and the lines that run on import; pure."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator

import msgspec

from covernance.model.python_source import split_source

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Edit(msgspec.Struct, frozen=True):
    """A range of lines that replaces another one; either may be empty.

    Attributes:
        before: Lines of the earlier text.
        after: Lines of the later text.
    """

    before: range
    after: range


def list_edits(before: str, after: str) -> Iterator[Edit]:
    """The edits from one text to another, in order."""
    earlier, later = split_source(before), split_source(after)
    matcher = difflib.SequenceMatcher(None, earlier, later, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            yield Edit(range(first + 1, last + 1), range(start + 1, end + 1))


def find_import_lines(text: str) -> frozenset[int]:
    """The lines of code outside functions; all lines of code if the text can't be parsed."""
    numbered = enumerate(split_source(text), 1)
    code = {line for line, written in numbered if written.strip() and written.strip()[0] != "#"}
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset(code)
    for node in ast.walk(module):
        if isinstance(node, _FUNCTIONS):
            code -= set(range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1))
    return frozenset(code)
