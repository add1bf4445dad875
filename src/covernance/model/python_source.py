"""Texts and lines of Python sources, decoded and numbered as Python does.

Python ends a line at a newline, a carriage return, or both. `str.splitlines` also ends it at a form
feed and other separators, and git only at a newline, so neither can number the lines of a source.
"""

from __future__ import annotations

import io
import re
from contextlib import suppress
from tokenize import detect_encoding

_LINE_END = re.compile(rb"\r\n?")
_LONE_CR = re.compile(rb"\r(?!\n)")
_SUFFIXES = (".py", ".pyw")


def is_python(path: str) -> bool:
    """Whether a file is a Python source, by its name."""
    return path.endswith(_SUFFIXES)


def decode_source(content: bytes) -> str:
    """Decode a source by its byte order mark or coding comment; only newlines end lines.

    What can't be decoded is replaced, and an encoding that Python would not accept is ignored.
    """
    content = _LINE_END.sub(b"\n", content)
    with suppress(SyntaxError, LookupError):
        encoding, _ = detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding, errors="replace")
        if text.count("\n") == content.count(b"\n"):
            return text
    return content.decode("utf-8-sig", errors="replace")


def decode_text(path: str, content: bytes) -> str:
    """Decode a file of text: a Python source as Python does, any other file from UTF-8."""
    if is_python(path):
        return decode_source(content)
    return content.decode("utf-8-sig", errors="replace")


def split_source(text: str) -> list[str]:
    """Split a decoded source into its lines, without their ends."""
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def has_other_lines(content: bytes) -> bool:
    """Whether git numbers the lines of a source differently."""
    return _LONE_CR.search(content) is not None
