"""Safe display of text from outside, such as file names."""

from __future__ import annotations


def escape_unprintable(text: str) -> str:
    """Escape unprintable characters, so that a file's name can't control the terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
