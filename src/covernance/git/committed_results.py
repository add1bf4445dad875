"""Find results that came with a commit: no run wrote them, and a change may claim anything."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from covernance.errors import InputError, MachineError
from covernance.git.index_copy import copied_index
from covernance.git.runner import Git

COMMITTED = "came with a commit, so that no run has to have written it"
"""Why such a file is not used."""

_DIFF = ("diff", "-z", "--name-only", "--relative", "--no-ext-diff", "--no-textconv")


def list_committed(folder: Path) -> frozenset[str]:
    """List the files below a folder that are as they were committed or staged, relative to it.

    A folder behind a symbolic link, or in a submodule, is looked at where it is. Without git, or
    outside of a repository, there are none.
    """
    real = folder.resolve()
    if not real.is_dir():
        return frozenset()
    git = Git(real)
    try:
        if not (tracked := git.fields("ls-files", "-z")):
            return frozenset()
        with copied_index(git, real) as environ:
            edited = git.fields(*_DIFF, environ=environ)
    except MachineError:
        return frozenset()
    return frozenset(tracked) - frozenset(edited)


def is_committed(path: Path) -> bool:
    """Whether a file is as it was committed."""
    return path.name in list_committed(path.parent) or (
        path.is_symlink() and is_committed(path.resolve())
    )


def reject_committed(path: Path) -> NoReturn:
    """Reject a result that came with a commit.

    Raises:
        InputError: Always; the message says how to remove it.
    """
    msg = f"{path}: {COMMITTED}; run `git rm --cached` on it, and let git ignore its folder"
    raise InputError(msg)
