"""Text for people."""

from __future__ import annotations


def shown(text: str) -> str:
    """Text with what can't be printed escaped: a file's name must not steer a terminal."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )
