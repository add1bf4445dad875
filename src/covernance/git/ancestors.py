"""List the ancestors of a commit."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from covernance.git.runner import Git

_MOST_ANCESTORS = 5_000


@lru_cache(maxsize=1)
def list_ancestors(root: Path, commit: str) -> list[str]:
    """List a commit and its ancestors, nearest first, as far as the clone has them.

    Raises:
        MachineError: The commit is not in this clone, or git is missing.
    """
    listed = Git(root).run("rev-list", f"--max-count={_MOST_ANCESTORS}", "--end-of-options", commit)
    return listed.decode().split()


def is_ancestor(root: Path, commit: str, descendant: str) -> bool:
    """Whether a commit is another one or an ancestor of it, as far as the clone has them.

    Raises:
        MachineError: git is missing.
    """
    arguments = ("merge-base", "--is-ancestor", "--end-of-options", commit, descendant)
    return Git(root).ask(*arguments) is not None
