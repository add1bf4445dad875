"""Find the commit that a change is compared with."""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import Path

import msgspec

from covernance.context import Context
from covernance.errors import ConfigError, InputError
from covernance.git import changes
from covernance.git.base_table import read_base_table
from covernance.git.default_branch import USUAL, find_hosted_default
from covernance.git.github_event import read_event
from covernance.git.index_copy import copied_index
from covernance.git.runner import Git
from covernance.model.text import short_commit

_FIRST = "HEAD is the first commit: there is nothing to compare with"
_BRANCHES = ("refs/heads/", "refs/remotes/")
_ITSELF = ("HEAD", "@")
_GITHUB_TARGET = "GITHUB_BASE_REF"
_GITLAB_TARGET = "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
_GITLAB_BEFORE = "CI_COMMIT_BEFORE_SHA"


class ChangeBase(msgspec.Struct, frozen=True):
    """The commit that a change is compared with.

    Attributes:
        commit: The commit; None if HEAD is the first one.
        notes: Why it is another commit than the merge base with the table's default branch.
    """

    commit: str | None
    notes: tuple[str, ...] = ()


def find_base_commit(context: Context, option: str | None) -> str:
    """Find the merge base of HEAD and the branch that a change is for.

    That is the first of these that is set: the option, the target branch of a pull request on
    GitHub or of a merge request on GitLab, the default branch. A table can't choose another default
    branch for the change that edits it: the table at the merge base with the repository's default
    branch decides.

    Raises:
        CovernanceError: The commit is not in this clone, or git is missing.
    """
    return _find_merge_base(context, option)[0]


def find_change_base(context: Context, option: str | None) -> ChangeBase:
    """Find the commit that the gates compare a change with, so that they have something to compare.

    That is the merge base, unless it is HEAD and nothing is uncommitted, or in CI: on the default
    branch a change is the last push, and elsewhere the last commit. A merge counts as one commit.

    Raises:
        CovernanceError: The commit is not in this clone, or git is missing.
    """
    commit, notes = _find_merge_base(context, option)
    root = context.root
    if commit != changes.resolve_commit(root, "HEAD"):
        return ChangeBase(commit, notes)
    dirty = _is_dirty(root, context.layout.folder.name)
    if option and not _is_branch(root, option):
        more = () if dirty else (f"{option} is HEAD: only uncommitted changes count, and none are",)
        return ChangeBase(commit, (*notes, *more))
    if dirty and not context.in_ci:
        return ChangeBase(commit, notes)
    pushed = _find_commit_before_push(context, commit)
    before = pushed or _find_parent(root)
    if before is None:
        return ChangeBase(None, (*notes, _FIRST))
    what = "the commit before the push" if pushed else "the commit before it"
    note = f"the merge base is HEAD itself; compared with {what}, {short_commit(before)}"
    return ChangeBase(before, (*notes, note))


def _find_merge_base(context: Context, option: str | None) -> tuple[str, tuple[str, ...]]:
    target = context.environ.get(_GITHUB_TARGET) or context.environ.get(_GITLAB_TARGET)
    if name := option or (f"refs/remotes/origin/{target}" if target else None):
        return changes.find_merge_base(context.root, name), ()
    branch = _choose_default_branch(context)
    named = context.table.default_branch
    notes: tuple[str, ...] = ()
    if named and named != branch:
        notes = (f"default-branch is {named!r} in this change; {branch!r} of the base counts",)
    return changes.find_merge_base(context.root, default_branch=branch), notes


def _choose_default_branch(context: Context) -> str:
    """Return the default branch in force; the table's own word needs that of the base."""
    hosted, named = find_hosted_default(context) or USUAL, context.table.default_branch
    if named in (None, hosted) or not _has_branch(context.root, hosted):
        return named or hosted
    try:
        table = read_base_table(
            context.root, changes.find_merge_base(context.root, default_branch=hosted)
        )
    except ConfigError:
        return hosted
    return str(table.get("default-branch", hosted)) if table else named


def _has_branch(root: Path, branch: str) -> bool:
    return any(changes.resolve_commit(root, name) for name in changes.name_branch(branch))


def _is_branch(root: Path, name: str) -> bool:
    """Whether a name is that of a branch, which moves, and not of one commit."""
    full = Git(root).ask("rev-parse", "--symbolic-full-name", name) or ""
    return name not in _ITSELF and full.startswith(_BRANCHES)


def _is_dirty(root: Path, own: str) -> bool:
    """Whether anything below the root is uncommitted; the tool's own folder does not count."""
    arguments = ("status", "--porcelain", "--ignore-submodules=all", "--untracked-files=normal")
    git = Git(root)
    with copied_index(git, root) as environ:
        return bool(git.run(*arguments, "--", ".", f":(exclude){own}", environ=environ))


def _find_commit_before_push(context: Context, head: str) -> str | None:
    """Return the commit that the pushed branch pointed to, if this clone has it.

    Of a push that replaced commits it is the last one that was not replaced.
    """
    named = _read_commit_before_push(context.environ)
    if set(named) - set(string.hexdigits):
        return None
    before = changes.resolve_commit(context.root, named or "0" * 40)
    if before is None or before == head:
        return None
    try:
        shared = changes.find_merge_base(context.root, before)
    except InputError:  # without a common commit
        return None
    return None if shared == head else shared


def _read_commit_before_push(environ: Mapping[str, str]) -> str:
    """Return the commit before the push that started this job; empty or zeros if there is none.

    https://docs.gitlab.com/ci/variables/predefined_variables/
    """
    if environ.get("GITHUB_EVENT_NAME") == "push":
        return read_event(environ).before
    return environ.get(_GITLAB_BEFORE, "")


def _find_parent(root: Path) -> str | None:
    """Return the first parent of HEAD; None if it is the first commit.

    Raises:
        InputError: The parent was not fetched.
    """
    parent = changes.resolve_commit(root, "HEAD^")
    if parent is None and changes.is_shallow(root):
        msg = (
            "git: this clone is shallow and does not have the commit before HEAD; "
            "run `git fetch --unshallow origin` (GitHub Actions: fetch-depth: 0)"
        )
        raise InputError(msg)
    return parent
