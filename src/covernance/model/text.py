"""Text for people."""

from __future__ import annotations

_SHORT_COMMIT = 12


def short_commit(commit: str | None, missing: str = "") -> str:
    """The first digits of a commit, enough to name it; `missing` if there is no commit."""
    return commit[:_SHORT_COMMIT] if commit else missing


def shown(text: str) -> str:
    """Text with what can't be printed escaped: a file's name must not steer a terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
