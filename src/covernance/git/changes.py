"""The differences between a base commit and the work tree.

Uncommitted and untracked files are part of a change, so that developers can check it before they
commit. The user's index is only read: git works on a copy of it.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from covernance.errors import InputError, MachineError
from covernance.git.index_copy import add_untracked, copied_index
from covernance.git.runner import Git, GitError
from covernance.model.python_source import (
    decode_source,
    decode_text,
    has_other_lines,
    is_python,
    split_source,
)

_SYMLINK = "120000"
_MOST_LINKS = 8
_LONGEST_PATH = 4096
_TYPE_CHANGED = "T"
_OUTSIDE = "outside repository"
_TWO_NAMES = ("R", "C")
_SECTION = re.compile(r"^diff --git ", re.MULTILINE)
_DIFF = (
    "diff",
    "-l1000",
    "--raw",
    "-z",
    "--patch",
    "--unified=0",
    "--inter-hunk-context=0",
    "--find-renames",
    "--relative",
    "--text",
    "--ignore-submodules=all",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
)
"""Options that override the git configuration of the user and of the repository."""


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """One changed file; its name is None on the side where it does not exist.

    Attributes:
        path: Its current name, relative to the root.
        before: Its name in the base; differs from `path` for a renamed file.
        added: The new or edited lines of the current file.
        removed: The deleted or edited lines of the file in the base.
        cuts: The lines of the current file after which lines were deleted and none added.
    """

    path: str | None
    before: str | None
    added: frozenset[int] = frozenset()
    removed: frozenset[int] = frozenset()
    cuts: frozenset[int] = frozenset()


class Changes(msgspec.Struct, frozen=True):
    """Every file that differs between `base`, a commit, and the work tree, by name."""

    base: str
    files: tuple[FileChange, ...]

    @property
    def paths(self) -> frozenset[str]:
        """The current names of new and edited files."""
        return frozenset(file.path for file in self.files if file.path is not None)

    @property
    def names_before(self) -> dict[str, str | None]:
        """The names of new and edited files, with their names at the base; None for new ones."""
        return {file.path: file.before for file in self.files if file.path is not None}


class WorkTree:
    """The work tree during one command; it is compared with each commit only once."""

    def __init__(self, root: Path) -> None:
        """Compare the files below `root`."""
        self.root = root
        self._known: dict[str, Changes] = {}

    def since(self, commit: str) -> Changes:
        """Find the differences from a commit.

        Raises:
            MachineError: git is missing or failed, or its output was not understood.
        """
        if commit not in self._known:
            self._known[commit] = find_changes(self.root, commit)
        return self._known[commit]


def find_merge_base(root: Path, base_ref: str | None = None, default_branch: str = "main") -> str:
    """Find the merge base of HEAD and `base_ref`, a branch or commit.

    By default `base_ref` is the `default_branch` of origin or, if origin does not have it, the
    local one.

    Raises:
        InputError: There is no such branch, no commit yet, or no common commit (as in a shallow
            clone); the message says what to fetch.
        MachineError: git is missing or failed, for example outside a repository.
    """
    git = Git(root)
    # One or two calls are enough in the usual cases; the rest finds out what is wrong.
    for usual in (base_ref,) if base_ref else name_branch(default_branch):
        try:
            return git.run("merge-base", "--end-of-options", usual, "HEAD").decode().split()[0]
        except GitError as error:
            if error.is_negative:  # both are commits, without a common one
                break
            if "Not a valid" not in error.reason:  # any other name would fail too
                raise
    head = resolve_commit(root, "HEAD")
    if head is None:
        msg = "git: HEAD has no commit yet; commit first"
        raise InputError(msg)
    name = base_ref or _find_default_branch(root, default_branch)
    if (base := resolve_commit(root, name)) is None:
        msg = (
            f"git: {name!r} is not a commit in this clone; fetch it (git fetch origin), or give "
            "another base"
        )
        raise InputError(msg)
    if bases := git.ask("merge-base", base, head):
        return bases.split()[0]
    if is_shallow(root):
        msg = (
            f"git: this clone is shallow and does not reach back to {name!r}; "
            "run `git fetch --unshallow origin` (GitHub Actions: fetch-depth: 0)"
        )
        raise InputError(msg)
    msg = f"git: HEAD and {name!r} have no common commit; give another base"
    raise InputError(msg)


def name_branch(branch: str) -> tuple[str, str]:
    """Return the full names of a branch: that of origin, then the local one."""
    return f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"


def is_shallow(root: Path) -> bool:
    """Whether a clone lacks the ancestors of some commits.

    Raises:
        MachineError: git is missing or failed, for example outside a repository.
    """
    return Git(root).run("rev-parse", "--is-shallow-repository").strip() == b"true"


def find_changes(root: Path, base: str) -> Changes:
    """Compare the commit `base` with the work tree below `root`, without ignored files.

    In a renamed file only edited lines count. Submodules and nested repositories are left out. A
    symbolic link has no lines; a file that git considers binary has lines like any other.

    Raises:
        MachineError: git is missing or failed, or its output was not understood.
    """
    git = Git(root)
    with copied_index(git, root) as copied:
        add_untracked(git, copied)
        listing, _, text = git.run(*_DIFF, base, "--", environ=copied).partition(b"\0\0")
    sections = _SECTION.split(text.decode("latin-1"))[1:]
    entries = list(_entries(listing))
    if sum(entry.sections for entry in entries) != len(sections):
        msg = f"git: {len(sections)} differences for {len(entries)} changed files; report this"
        raise MachineError(msg)
    remaining = iter(sections)
    files = []
    for entry in entries:
        own_sections = [next(remaining) for _ in range(entry.sections)]
        change = _file_change(entry, own_sections)
        if _has_other_lines(root, entry, change, own_sections):
            change = _python_lines(root, base, change)
        files.append(change)
    return Changes(base, tuple(sorted(files, key=lambda file: file.path or file.before or "")))


def resolve_commit(root: Path, name: str) -> str | None:
    """Resolve a name to a commit, or return None if this clone has no such commit.

    Raises:
        MachineError: git is missing or failed, for example outside a repository.
    """
    arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    try:
        return Git(root).run(*arguments).decode().strip()
    except GitError as error:
        if error.is_negative:
            return None
        raise  # outside of a repository, or in one that git does not trust


def has_commit(root: Path, commit: str) -> bool:
    """Whether this clone has a commit, given as digits."""
    return Git(root).ask("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") is not None


def read_committed_file(root: Path, commit: str, path: str) -> str | None:
    """Read a file's text at `commit`, or return None if it is not there.

    A symbolic link is followed, as in the work tree. `path` is relative to `root`, or absolute; a
    file outside of the repository is not there.

    Raises:
        MachineError: git is missing or failed, for example if the content was not fetched.
    """
    content = read_committed(root, commit, path)
    return None if content is None else decode_text(path, content)


def read_committed(root: Path, commit: str, path: str) -> bytes | None:
    """Read a file's content at `commit`, like `read_committed_file`."""
    git = Git(root)
    path = os.path.relpath(root / path, root)
    for _ in range(_MOST_LINKS):
        try:
            content = git.run("cat-file", "blob", f"{commit}:./{path}")
        except GitError as error:
            if _OUTSIDE in error.reason:
                return None
            if _list_entry(git, commit, path):
                raise
            return None
        if not _is_link(git, commit, path, content):
            return content
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.fsdecode(content)))  # noqa: PTH118, PTH120 - of the commit, not of the file system
    return None


def _is_link(git: Git, commit: str, path: str, content: bytes) -> bool:
    """Whether a file is a symbolic link, whose content is the path that it leads to."""
    may_be_path = len(content) <= _LONGEST_PATH and not content.endswith(b"\n")
    return may_be_path and _list_entry(git, commit, path).startswith(_SYMLINK.encode())


def _list_entry(git: Git, commit: str, path: str) -> bytes:
    """List a path of a commit, as `<mode> <type> <object>`, a tab and the path; empty if none."""
    return git.run("ls-tree", "-z", commit, "--", path, environ={"GIT_LITERAL_PATHSPECS": "1"})


def read_working_file(root: Path, path: str) -> str | None:
    """Read a file's text in the work tree, or return None if there is no such file.

    Raises:
        MachineError: The file can't be read.
    """
    content = read_working(root, path)
    return None if content is None else decode_text(path, content)


def read_working(root: Path, path: str) -> bytes | None:
    """Read a file's content in the work tree, like `read_working_file`."""
    try:
        return (root / path).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return None
    except OSError as error:
        msg = f"{root / path}: can't be read: {error.strerror or error}"
        raise MachineError(msg) from error


class _Entry(msgspec.Struct, frozen=True):
    status: str
    mode: str
    names: tuple[str, ...]

    @property
    def sections(self) -> int:
        """The number of sections in the diff: a file that became a link is removed and added."""
        return 2 if self.status == _TYPE_CHANGED else 1


def _entries(listing: bytes) -> Iterator[_Entry]:
    """Read `git diff --raw -z`: `:<mode> <mode> <id> <id> <status>`, then one name or two."""
    fields = iter(os.fsdecode(field) for field in listing.split(b"\0") if field)
    for field in fields:
        _, mode, _, _, status = field.split(" ")
        names = (next(fields), next(fields)) if status.startswith(_TWO_NAMES) else (next(fields),)
        yield _Entry(status[0], mode, names)


def _file_change(entry: _Entry, sections: list[str]) -> FileChange:
    edits = [edit for section in sections for edit in _edits(section)]
    has_lines = entry.status != "D" and entry.mode != _SYMLINK
    return FileChange(
        path=None if entry.status == "D" else entry.names[-1],
        before=None if entry.status == "A" else entry.names[0],
        added=_lines(edit.added for edit in edits) if has_lines else frozenset(),
        removed=_lines(edit.removed for edit in edits),
        cuts=_cuts(edits) if has_lines else frozenset(),
    )


def _python_lines(root: Path, base: str, change: FileChange) -> FileChange:
    """Number the lines of a Python source as Python does; git knows no lone carriage returns."""
    before = read_committed(root, base, change.before) if change.before else None
    after = read_working(root, change.path) if change.path else None
    matcher = difflib.SequenceMatcher(
        None,
        split_source(decode_source(before or b"")),
        split_source(decode_source(after or b"")),
        autojunk=False,
    )
    edits = [
        _Edit(range(old_start + 1, old_end + 1), range(new_start + 1, new_end + 1))
        for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes()
        if tag != "equal"
    ]
    return msgspec.structs.replace(
        change,
        added=_lines(edit.added for edit in edits),
        removed=_lines(edit.removed for edit in edits),
        cuts=_cuts(edits) if change.path else frozenset(),
    )


def _has_other_lines(root: Path, entry: _Entry, change: FileChange, sections: list[str]) -> bool:
    """Whether a file is a Python source whose lines git numbers differently."""
    if entry.mode == _SYMLINK or not sections or not is_python(entry.names[-1]):
        return False
    after = read_working(root, change.path) if change.path else None
    removed = any(has_other_lines(section.encode("latin-1")) for section in sections)
    return removed or has_other_lines(after or b"")


class _Edit(msgspec.Struct, frozen=True):
    """Consecutive lines that replace others; an empty `added` begins below what was deleted."""

    removed: range
    added: range


def _edits(section: str) -> Iterator[_Edit]:
    """Parse the hunks of one file's section, which has no context lines.

    Names are not read from here: git prints some of them ambiguously.
    """
    from unidiff.patch import PatchSet  # noqa: PLC0415 - finding the base does not need it

    start = section.find("\n@@ ")
    if start < 0:
        return
    for file in PatchSet(f"--- a\n+++ b{section[start:]}", metadata_only=True):
        for hunk in file:
            yield _Edit(
                _hunk_lines(hunk.source_start, hunk.source_length),
                _hunk_lines(hunk.target_start, hunk.target_length),
            )


def _hunk_lines(start: int, length: int) -> range:
    """The lines of one side of a hunk; without lines, git names the line above them."""
    return range(start, start + length) if length else range(start + 1, start + 1)


def _lines(ranges: Iterable[range]) -> frozenset[int]:
    return frozenset(line for lines in ranges for line in lines)


def _cuts(edits: Iterable[_Edit]) -> frozenset[int]:
    return frozenset(edit.added.start - 1 for edit in edits if not edit.added)


def _find_default_branch(root: Path, branch: str) -> str:
    for name in name_branch(branch):
        if resolve_commit(root, name):
            return name
    msg = (
        f"git: neither origin nor this clone has the branch {branch!r} to compare with; fetch it "
        f"(git fetch origin {branch}:refs/remotes/origin/{branch}), set default-branch in "
        "[tool.covernance], or give another base"
    )
    raise InputError(msg)
