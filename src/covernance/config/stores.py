"""The history stores: the names that the table and the options take, and what each of them is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple


class StoreType(NamedTuple):
    """A kind of history store.

    Attributes:
        class_path: Its class as `module:name`. The module imports the table, not the reverse.
        place: Where it stores results, for help texts.
    """

    class_path: str
    place: str


STORES = {
    "directory": StoreType(
        "covernance.history.directory:Directory", "coverage/history/ of this checkout"
    ),
    "git": StoreType("covernance.history.git_branch:GitBranch", "a branch that machines share"),
}
"""Every history store by its name."""


def describe_stores() -> str:
    """Describe all stores in one phrase, for help texts."""
    return ", ".join(f"{name} ({store.place})" for name, store in STORES.items())


if TYPE_CHECKING:
    StoreName = str
else:
    StoreName = Literal[tuple(STORES)]
