"""Find the commit that a change is compared with."""

from __future__ import annotations

from covernance.context import Context
from covernance.git import changes


def find_base_commit(context: Context, option: str | None) -> str:
    """Find the commit that a change is compared with.

    That is the merge base of HEAD and the first of these that is set: the option, the target
    branch of a GitHub pull request, the table's default branch.

    Raises:
        CovernanceError: The commit is not in this clone, or git is missing.
    """
    target = context.environ.get("GITHUB_BASE_REF")
    name = option or (f"refs/remotes/origin/{target}" if target else None)
    return changes.find_merge_base(context.root, name, context.table.default_branch)
