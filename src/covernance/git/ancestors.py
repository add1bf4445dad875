"""The commits before a commit."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

_MOST_ANCESTORS = 5_000


@lru_cache(maxsize=1)
def list_ancestors(root: Path, commit: str) -> list[str]:
    """A commit and those before it, nearest first, as far as a clone reaches."""
    done = subprocess.run(  # noqa: S603 - fixed command, no shell
        ["git", "rev-list", f"--max-count={_MOST_ANCESTORS}", commit],  # noqa: S607 - git from the user's PATH
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()
