"""Find the repository's default branch."""

from __future__ import annotations

from pathlib import Path

from covernance.context import Context
from covernance.errors import MachineError
from covernance.git.github_event import read_event
from covernance.git.runner import Git

USUAL = "main"
"""The default branch if neither the table nor the repository names one."""

_ORIGIN = "refs/remotes/origin/"


def find_default_branch(context: Context) -> str:
    """Return the branch that the table names, else that of the repository, else `main`."""
    return context.table.default_branch or find_hosted_default(context) or USUAL


def find_hosted_default(context: Context) -> str | None:
    """Return the default branch that GitHub's event or `origin/HEAD` names, if one does."""
    named = read_event(context.environ).repository.default_branch
    return named or _read_head_of_origin(context.root)


def _read_head_of_origin(root: Path) -> str | None:
    try:
        target = Git(root).ask("symbolic-ref", "--quiet", f"{_ORIGIN}HEAD") or ""
    except MachineError:  # without git there is no repository to ask
        return None
    return target.removeprefix(_ORIGIN) if target.startswith(_ORIGIN) else None
