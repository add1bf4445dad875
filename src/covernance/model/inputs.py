"""The paths of the repository that a suite's result depends on."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from covernance.model.paths import folder_of

KINDS = ("read", "examined", "asked", "listed")
"""The fields of `Inputs` that hold paths."""


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """What the run that measured a result depended on, as far as it is part of a commit.

    Paths are relative to the folder of pyproject.toml, sorted, and without symbolic links: a link
    that the run went through is listed as read, beside the path that it leads to. What follows from
    another entry is left out: a path that was looked for in a folder that was listed, say.

    Attributes:
        read: Files that were read.
        examined: Paths whose permissions or size were looked at.
        asked: Paths that were looked for, whether they exist or not; their content does not
            matter.
        listed: Folders whose names were listed; `.` for the folder of pyproject.toml.
        programs: Programs that the run started and that could not be traced.
        refusals: Why these are not all paths that the run depended on; empty if they are.
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
    """Make inputs of sets of paths by kind, and leave out what follows from others."""
    read, listed = paths["read"], paths["listed"]
    examined = paths["examined"] - read
    asked = paths["asked"] - examined - read - listed
    return Inputs(
        read=tuple(sorted(read)),
        examined=tuple(sorted(examined)),
        asked=tuple(sorted(path for path in asked if folder_of(path) not in listed)),
        listed=tuple(sorted(listed)),
        programs=tuple(sorted(set(programs))),
        refusals=tuple(dict.fromkeys(refusals)),
    )


def merge_inputs(parts: Iterable[Inputs | None]) -> Inputs | None:
    """The inputs of a suite that several machines measured; None if those of one are unknown."""
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
