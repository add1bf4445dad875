"""Safe and short display of text from outside, such as file names."""

from __future__ import annotations

from collections.abc import Iterable

_SHORT_COMMIT = 12
_MOST = 10


def short_commit(commit: str | None, missing: str = "") -> str:
    """The first digits of a commit, enough to name it; `missing` if there is no commit."""
    return commit[:_SHORT_COMMIT] if commit else missing


def escape_unprintable(text: str) -> str:
    """Escape unprintable characters, so that a file's name can't control the terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def count(number: int, noun: str) -> str:
    """Write a number of things whose plural ends in `s`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def cut(items: Iterable[str], most: int = _MOST, *, command: str = "") -> list[str]:
    """Return the first items of a list and, if there are others, one that counts them.

    Args:
        items: The items, in the order of their importance.
        most: How many to return.
        command: A command that shows all; "" if there is none.
    """
    every = list(items)
    more = len(every) - most
    if more <= 0:
        return every
    where = f"; `{command}` shows all" if command else ""
    return [*every[:most], f"… and {more} more{where}"]


def join_some(items: Iterable[str], most: int = _MOST, *, command: str = "") -> str:
    """Join the first items of a list by commas; see `cut`."""
    return ", ".join(cut(items, most, command=command))
