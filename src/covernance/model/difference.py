"""Which paths differ between a commit and the work tree."""

from __future__ import annotations

import msgspec


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Names that differ between a commit and the work tree, ignored files left out.

    Attributes:
        files: Files, links and submodules that differ in any way, under old and new names.
        new: Files and folders that are only in the work tree.
        gone: Files and folders that are only in the commit.
        replaced: Names that are something else now, such as a link that was a file, and submodules
            that are at another commit or were edited: anything may have come or gone below them.
    """

    files: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
