"""The paths of the repository that a suite's result depends on."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from covernance.model.paths import find_folder

KINDS = ("read", "examined", "asked", "listed")
"""The fields of `Inputs` that hold paths."""


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """The files that a measuring run depended on, as far as they can be part of a commit.

    Paths are relative to the folder of pyproject.toml, sorted, and without symbolic links: a link
    that the run followed is listed as read, in addition to its target. Redundant entries are left
    out, for example a path that was searched for in a listed folder.

    Attributes:
        read: Files that were read.
        examined: Paths whose permissions or size were read.
        asked: Paths whose existence was checked, whether they exist or not; their content does not
            matter.
        listed: Folders whose entries were listed; `.` for the folder of pyproject.toml.
        programs: Programs that the run started and that could not be traced.
        refusals: Why this list is incomplete; empty if it is complete.
    """

    read: tuple[str, ...] = ()
    examined: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


def make_inputs(
    paths: dict[str, set[str]], programs: Iterable[str] = (), refusals: Iterable[str] = ()
) -> Inputs:
    """Create inputs from sets of paths by kind, without redundant entries."""
    read, listed = paths["read"], paths["listed"]
    examined = paths["examined"] - read
    asked = paths["asked"] - examined - read - listed
    return Inputs(
        read=tuple(sorted(read)),
        examined=tuple(sorted(examined)),
        asked=tuple(sorted(path for path in asked if find_folder(path) not in listed)),
        listed=tuple(sorted(listed)),
        programs=tuple(sorted(set(programs))),
        refusals=tuple(dict.fromkeys(refusals)),
    )


def merge_inputs(parts: Iterable[Inputs | None]) -> Inputs | None:
    """Merge the inputs of a suite that several machines measured; None if any are unknown."""
    known = []
    for part in parts:
        if part is None:
            return None
        known.append(part)
    return make_inputs(
        {kind: {path for part in known for path in getattr(part, kind)} for kind in KINDS},
        (program for part in known for program in part.programs),
        (refusal for part in known for refusal in part.refusals),
    )


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The names that differ between a commit and the work tree, without ignored files.

    Attributes:
        files: Files, links and submodules that differ in any way, with old and new names.
        new: Files and folders that exist only in the work tree.
        gone: Files and folders that exist only in the commit.
        replaced: Names whose type has changed, such as a link that was a file, and submodules that
            were edited or are at another commit: below them anything may have changed.
    """

    files: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
