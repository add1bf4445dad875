"""Which statements a set of lines belongs to, as coverage.py numbers them: by their first lines."""

from __future__ import annotations

from collections.abc import Iterable
from tokenize import TokenError


def first_lines(text: str, touched: Iterable[int]) -> frozenset[int]:
    """The touched lines, each as the first line of its statement where that spans several.

    Text that is not Python keeps its lines as they are.
    """
    from coverage.parser import multiline_map_from_text  # noqa: PLC0415 - as in `settings`

    try:
        first = multiline_map_from_text(text)
    except (TokenError, SyntaxError):
        first = {}
    return frozenset(first.get(line, line) for line in touched)


def statements(text: str, exclude: Iterable[str]) -> frozenset[int] | None:
    """The statements that must run; None where the text can't be parsed as Python.

    Args:
        text: The source.
        exclude: The regular expressions of lines that need not run.
    """
    from coverage.exceptions import NotPython  # noqa: PLC0415 - as in `settings`
    from coverage.parser import PythonParser  # noqa: PLC0415 - as in `settings`

    if not text:
        return frozenset()
    parser = PythonParser(text=text, exclude="|".join(f"(?:{pattern})" for pattern in exclude))
    try:
        parser.parse_source()
    except NotPython:
        return None
    return frozenset(parser.statements)
