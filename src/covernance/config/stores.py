"""The history stores: the names that the table and the options take, and the class of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

STORES = {
    "directory": "covernance.history.directory:Directory",
    "git": "covernance.history.git_branch:GitBranch",
}
"""Each store's class as `module:name`, since the table is read below what opens stores."""

if TYPE_CHECKING:
    StoreName = str
else:
    StoreName = Literal[tuple(STORES)]
