"""The tree of the work tree: git's name for the content of all of its files together."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from covernance.errors import MachineError
from covernance.git.index_copy import copy_index, list_add_options
from covernance.git.runner import Git, GitError


def read_tree(root: Path, without: str) -> str | None:
    """Compute the tree that a commit of everything in the checkout would have.

    It includes changes that are not committed and untracked files, except those that git ignores.
    Nothing is written to the repository: git gets a copy of the index, and a folder for objects.

    Args:
        root: A folder of the checkout.
        without: A folder below `root` whose state does not matter.

    Returns:
        The object name of the tree; None outside a repository or without git.
    """
    git = Git(root)
    try:
        with tempfile.TemporaryDirectory(prefix="covernance-") as folder:
            environ = copy_index(git, root, Path(folder)) | _own_objects(git, root, Path(folder))
            everywhere = list_add_options(git)
            paths = ("--", ":/", f":(exclude){without}")
            # It fails if a name can't be added, such as a nested repository without a commit, or if
            # `without` is ignored; everything else is added.
            with suppress(GitError):
                add = ("add", "--all", "--ignore-errors", *everywhere, *paths)
                git.run(*add, environ=environ)
            # The objects of a partial clone are not fetched.
            written = git.run("write-tree", "--missing-ok", environ=environ)
    except MachineError:
        return None
    return written.decode().strip()


def _own_objects(git: Git, root: Path, folder: Path) -> dict[str, str]:
    """The variables that make git write objects into a folder."""
    objects = root / os.fsdecode(git.run("rev-parse", "--git-path", "objects").rstrip(b"\n"))
    new = folder / "objects"
    new.mkdir()
    quoted = str(objects).replace("\\", r"\\").replace('"', r"\"")
    return {
        "GIT_OBJECT_DIRECTORY": str(new),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{quoted}"',
    }
