"""Markdown for GitHub that hostile text can't break out of, and that keeps within a limit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate
from urllib.parse import quote, urlsplit

import msgspec

from covernance.errors import InputError

COMMENT_LIMIT = 65_536
"""The most that GitHub takes as a comment, in characters; a step summary may have 1 MiB."""

_LONGEST = 240
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_BACKTICKS = re.compile(r"`+")
_SAFE_IN_URL = "/:?&=#%+,@~-._"


def code(text: str) -> str:
    r"""Show untrusted text as a code span: no HTML, mention, link or table cell comes of it.

    Invisible characters are spelled out (`\x1b`, `\u202e`), a pipe is shown as a broken bar,
    since no escape of it is safe in every reader's tables, and an overlong text is cut.
    """
    visible = "".join(_visible(character) for character in text[: _LONGEST + 1])
    if len(visible) > _LONGEST:
        visible = visible[: _LONGEST - 1] + "…"
    if not visible.strip():
        return "` `"
    fence = "`" * (max(map(len, _BACKTICKS.findall(visible)), default=0) + 1)
    pad = " " if "`" in (visible[0], visible[-1]) or visible[0] == visible[-1] == " " else ""
    return f"{fence}{pad}{visible}{pad}{fence}"


def plain(name: str) -> str:
    """A name of the table, whose letters are known to be plain; `_` would set text in italics."""
    return name.replace("_", r"\_")


def link(label: str, url: str) -> str:
    """Link to an http(s) address.

    Raises:
        InputError: The address is of another kind.
    """
    if urlsplit(url).scheme not in {"http", "https"}:
        msg = f"{url!r} is no http(s) address; give one as LABEL=https://…"
        raise InputError(msg)
    return f"[{code(label)}]({quote(url, safe=_SAFE_IN_URL)})"


def row(cells: Iterable[str]) -> str:
    """One row of a table, of cells that are Markdown already."""
    return f"| {' | '.join(cells)} |"


def head(names: Sequence[str], *, numeric: Iterable[str] = ()) -> tuple[str, str]:
    """The first two lines of a table; the columns in `numeric` are set to the right."""
    right = set(numeric)
    return row(names), row("--:" if name in right else ":--" for name in names)


class Section(msgspec.Struct, frozen=True):
    """A part of a document: what always stays, then rows that may be cut and counted.

    Attributes:
        lines: The heading and, for a table, its head.
        rows: Table rows or list items, the most telling first.
        noun: What a row is, in the plural, for the line that tells how many were cut.
    """

    lines: tuple[str, ...]
    rows: tuple[str, ...] = ()
    noun: str = "rows"


def fit(sections: Sequence[Section], limit: int = COMMENT_LIMIT) -> str:
    """Join sections; where they exceed `limit`, cut rows from the ends and say how many.

    The limit counts UTF-8 bytes, which are at least as many as characters. What always stays is
    never cut, so a limit below its size is exceeded.
    """
    least = [_size(_text(section, 0)) for section in sections]
    room = limit - sum(least) - 2 * len(sections)
    parts = []
    for section, always in zip(sections, least, strict=True):
        kept = _kept(section, room + always)
        parts.append(_text(section, kept))
        room -= _size(parts[-1]) - always
    return "\n".join(parts)


def _kept(section: Section, room: int) -> int:
    """How many of its rows a section may show in `room` bytes."""
    if _size(_text(section, len(section.rows))) <= room:
        return len(section.rows)
    room -= _size(_text(section, 0))
    taken = accumulate(_size(text) + 1 for text in section.rows)
    return sum(size <= room for size in taken)


def _text(section: Section, kept: int) -> str:
    lines = [*section.lines, *section.rows[:kept]]
    if cut := len(section.rows) - kept:
        lines += ["", f"… {cut} more {section.noun}, cut to fit"]
    return "\n".join(lines) + "\n"


def _size(text: str) -> int:
    return len(text.encode())


def _visible(character: str) -> str:
    if character == "|":
        return "¦"
    if unicodedata.category(character) in _INVISIBLE:
        return character.encode("unicode_escape").decode("ascii")
    return character
