"""Safe display of text from outside, such as file names."""

from __future__ import annotations

_SHORT_COMMIT = 12


def short_commit(commit: str | None, missing: str = "") -> str:
    """The first digits of a commit, enough to name it; `missing` if there is no commit."""
    return commit[:_SHORT_COMMIT] if commit else missing


def escape_unprintable(text: str) -> str:
    """Escape unprintable characters, so that a file's name can't control the terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
