"""How a text became another, and which of its lines importing executes; pure."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator

import msgspec

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Edit(msgspec.Struct, frozen=True):
    """Lines that stand in one text where others stand in another; either may be none.

    Attributes:
        before: Those of the earlier text.
        after: Those of the later one.
    """

    before: range
    after: range


def edits(before: str, after: str) -> Iterator[Edit]:
    """How one text became another, in order."""
    earlier, later = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, earlier, later, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            yield Edit(range(first + 1, last + 1), range(start + 1, end + 1))


def on_import(text: str) -> frozenset[int]:
    """The lines of code outside of functions; every line of code where that is unclear."""
    numbered = enumerate(text.splitlines(), 1)
    code = {line for line, written in numbered if written.strip() and written.strip()[0] != "#"}
    try:
        module = ast.parse(text)
    except SyntaxError:
        return frozenset(code)
    for node in ast.walk(module):
        if isinstance(node, _FUNCTIONS):
            code -= set(range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1))
    return frozenset(code)
