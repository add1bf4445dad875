"""Markdown for GitHub: safe with untrusted text, and limited in size."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate
from urllib.parse import quote, urlsplit

import msgspec

from covernance.errors import InputError

COMMENT_LIMIT = 65_536
"""GitHub's limit for a comment, in characters; a step summary may have 1 MiB."""

_LONGEST = 240
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_BACKTICKS = re.compile(r"`+")
_SAFE_IN_URL = "/:?&=#%+,@~-._"


def code(text: str) -> str:
    r"""Show untrusted text as a code span, which can't contain HTML, mentions, links or cells.

    Invisible characters are escaped (`\x1b`, `\u202e`). A pipe is shown as a broken bar, because no
    escape of a pipe is safe in the tables of every Markdown reader. Long text is truncated.
    """
    visible = "".join(_make_visible(character) for character in text[: _LONGEST + 1])
    if len(visible) > _LONGEST:
        visible = visible[: _LONGEST - 1] + "…"
    if not visible.strip():
        return "` `"
    fence = "`" * (max(map(len, _BACKTICKS.findall(visible)), default=0) + 1)
    pad = " " if "`" in (visible[0], visible[-1]) or visible[0] == visible[-1] == " " else ""
    return f"{fence}{pad}{visible}{pad}{fence}"


def plain(name: str) -> str:
    """Escape a name from the table, of which only `_` has a meaning in Markdown."""
    return name.replace("_", r"\_")


def link(label: str, url: str) -> str:
    """Return a link to an http(s) URL.

    Raises:
        InputError: The URL has a different scheme.
    """
    if urlsplit(url).scheme not in {"http", "https"}:
        msg = f"{url!r} is not an http(s) URL; write LABEL=https://…"
        raise InputError(msg)
    return f"[{code(label)}]({quote(url, safe=_SAFE_IN_URL)})"


def row(cells: Iterable[str]) -> str:
    """Return one row of a table; the cells are Markdown."""
    return f"| {' | '.join(cells)} |"


def head(names: Sequence[str], *, numeric: Iterable[str] = ()) -> tuple[str, str]:
    """Return the first two lines of a table; the columns in `numeric` are right-aligned."""
    right = set(numeric)
    return row(names), row("--:" if name in right else ":--" for name in names)


class Section(msgspec.Struct, frozen=True):
    """A part of a document: fixed lines, then rows that may be cut.

    Attributes:
        lines: The heading and, for a table, its header.
        rows: Table rows or list items, the most important first.
        noun: The plural noun for the rows, used in the line that counts the rows cut.
    """

    lines: tuple[str, ...]
    rows: tuple[str, ...] = ()
    noun: str = "rows"


def fit(sections: Sequence[Section], limit: int = COMMENT_LIMIT) -> str:
    """Join sections; if they exceed `limit`, cut rows from their ends and show how many.

    The limit is in UTF-8 bytes, of which there are at least as many as characters. Fixed lines are
    never cut, so the result exceeds a limit smaller than those.
    """
    minimums = [_size(_text(section, 0)) for section in sections]
    room = limit - sum(minimums) - 2 * len(sections)
    parts = []
    for section, minimum in zip(sections, minimums, strict=True):
        number = _count_fitting_rows(section, room + minimum)
        parts.append(_text(section, number))
        room -= _size(parts[-1]) - minimum
    return "\n".join(parts)


def _count_fitting_rows(section: Section, room: int) -> int:
    """The number of a section's rows that fit into `room` bytes."""
    if _size(_text(section, len(section.rows))) <= room:
        return len(section.rows)
    room -= _size(_text(section, 0))
    sizes = accumulate(_size(text) + 1 for text in section.rows)
    return sum(size <= room for size in sizes)


def _text(section: Section, number: int) -> str:
    lines = [*section.lines, *section.rows[:number]]
    if cut := len(section.rows) - number:
        lines += ["", f"… {cut} more {section.noun}, cut to fit"]
    return "\n".join(lines) + "\n"


def _size(text: str) -> int:
    return len(text.encode())


def _make_visible(character: str) -> str:
    if character == "|":
        return "¦"
    if unicodedata.category(character) in _INVISIBLE:
        return character.encode("unicode_escape").decode("ascii")
    return character
