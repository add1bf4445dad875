"""Count what a test checks, as far as its own code shows it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

_CHECK = re.compile(
    r"assert|check|deprecated_call|ensure|expect|fail|match|raises|should|snapshot|validate|verif"
    r"|warns",
    re.IGNORECASE,
)
"""Parts of the names of functions that fail a test, such as `pytest.raises` and `assertEqual`."""

_ENDS = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def count_checks(body: Iterable[ast.stmt]) -> int:
    """Count the assertions, and the calls of functions that check something by their names.

    What can't be reached, such as code below a `return` or in an `if False:`, checks nothing.
    """
    return sum(_is_check(node) for statement in _reachable(body) for node in _walk(statement))


def _reachable(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, _ENDS):
            return


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and those below it that may run."""
    yield node
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield from _walk(value)
        elif isinstance(value, list):
            if name == "body" and _is_never(node):
                continue
            statements = [child for child in value if isinstance(child, ast.stmt)]
            others = [child for child in value if not isinstance(child, ast.stmt)]
            for child in (*_reachable(statements), *others):
                if isinstance(child, ast.AST):
                    yield from _walk(child)


def _is_never(node: ast.AST) -> bool:
    """Whether the body of a statement never runs: that of `if False:` or `while 0:`."""
    return (
        isinstance(node, ast.If | ast.While)
        and isinstance(node.test, ast.Constant)
        and not node.test.value
    )


def _is_check(node: ast.AST) -> bool:
    match node:
        case ast.Assert(test=ast.Constant()):
            return False
        case ast.Assert():
            return True
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return _CHECK.search(name) is not None
    return False
