"""A copy of the user's index, which commands may write.

In the copy no file is hidden: git skips files that the user marked with `git update-index
--assume-unchanged` or `--skip-worktree`, and would not see that they were edited.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from covernance.errors import MachineError
from covernance.git.runner import Git

_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE")
"""Variables that name another checkout than that of a folder."""


@contextmanager
def copied_index(git: Git, root: Path) -> Iterator[dict[str, str]]:
    """Copy the index for some commands, and return the variables that make git use the copy.

    Raises:
        MachineError: git is missing or failed, or the index can't be read.
    """
    with tempfile.TemporaryDirectory(prefix="covernance-") as folder:
        yield copy_index(git, root, Path(folder))


def copy_index(git: Git, root: Path, folder: Path) -> dict[str, str]:
    """Copy the index into a folder, and return the variables that make git use the copy.

    Raises:
        MachineError: git is missing or failed, or the index can't be read.
    """
    index = folder / "index"
    top, own = _find_paths(root, tuple(map(os.environ.get, _ELSEWHERE)))
    try:
        # copy2 preserves the time stamp: git rereads files that may have changed since then.
        shutil.copy2(own, index)
    except FileNotFoundError:  # nothing was added yet
        pass
    except OSError as error:
        msg = f"{own}: can't be read: {error.strerror or error}"
        raise MachineError(msg) from error
    environ = {"GIT_INDEX_FILE": str(index)}
    _show_hidden(git, top, environ)
    return environ


@lru_cache(maxsize=8)
def _find_paths(root: Path, _elsewhere: tuple[str | None, ...]) -> tuple[Path, Path]:
    """Find the root of a checkout and its index, which stay where they are while a command runs."""
    git = Git(root)
    top, index = (
        os.fsdecode(git.run("rev-parse", *question).removesuffix(b"\n"))
        for question in (["--show-toplevel"], ["--git-path", "index"])
    )
    return Path(top), root / index


def add_untracked(git: Git, environ: Mapping[str, str]) -> None:
    """Add the names of untracked files below git's folder to a copy of the index, as empty files.

    Their content stays unknown to git, so that no object is written. Nested repositories are left
    out.

    Raises:
        MachineError: git is missing or failed.
    """
    options = ("-z", "--others", "--exclude-standard", "--full-name")
    names = git.run("ls-files", *options, environ=environ).split(b"\0")
    files = [name for name in names if name and not name.endswith(b"/")]
    if files:
        empty = git.run("hash-object", "--stdin").strip()
        entries = b"".join(b"100644 %b\t%b\0" % (empty, name) for name in files)
        git.run("update-index", "-z", "--index-info", stdin=entries, environ=environ)


def list_add_options(git: Git) -> tuple[str, ...]:
    """List the options with which `git add` reaches every file of a checkout.

    Raises:
        MachineError: git is missing.
    """
    # Untracked files may be outside of the part that is checked out.
    sparse = git.ask("config", "--type=bool", "core.sparseCheckout") == "true"
    return ("--sparse",) if sparse else ()


def _show_hidden(git: Git, top: Path, environ: Mapping[str, str]) -> None:
    """Unmark the files of a copy that git skips though they are checked out."""
    listed = git.run("-C", str(top), "ls-files", "-z", "-v", environ=environ).split(b"\0")
    hidden = [entry[2:] for entry in listed if entry[:1].islower() or entry[:1] == b"S"]
    if names := [name for name in hidden if os.path.lexists(top / os.fsdecode(name))]:
        stdin = b"".join(b"%b\0" % name for name in names)
        for mark in ("--no-assume-unchanged", "--no-skip-worktree"):
            arguments = ("-C", str(top), "update-index", mark, "-z", "--stdin")
            git.run(*arguments, stdin=stdin, environ=environ)
