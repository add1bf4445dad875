"""Text for people."""

from __future__ import annotations


def escape_unprintable(text: str) -> str:
    """Text with what can't be printed escaped: a file's name must not steer a terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
