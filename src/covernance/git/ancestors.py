"""The commits before a commit."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from covernance.git.runner import Git

_MOST_ANCESTORS = 5_000


@lru_cache(maxsize=1)
def list_ancestors(root: Path, commit: str) -> list[str]:
    """A commit and those before it, nearest first, as far as a clone reaches.

    Raises:
        MachineError: There is no such commit here, or no git.
    """
    listed = Git(root).run("rev-list", f"--max-count={_MOST_ANCESTORS}", "--end-of-options", commit)
    return listed.decode().split()
