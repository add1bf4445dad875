"""Find the commit that a change is compared with."""

from __future__ import annotations

from collections.abc import Mapping

from covernance.config import Table
from covernance.git import changes


def find_base_commit(table: Table, option: str | None, environ: Mapping[str, str]) -> str:
    """Find the commit that a change is compared with.

    That is the merge base of HEAD and the first of these that is set: the option, the target
    branch of a GitHub pull request, the table's default branch.

    Raises:
        CovernanceError: The commit is not in this clone, or git is missing.
    """
    target = environ.get("GITHUB_BASE_REF")
    name = option or (f"refs/remotes/origin/{target}" if target else None)
    return changes.find_merge_base(table.root, name, table.default_branch)
