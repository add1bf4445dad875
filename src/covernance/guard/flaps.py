"""Find lines that ran in some runs of the same sources and not in others; these never fail."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from covernance.model import lines
from covernance.model.snapshot import Snapshot


class Flap(msgspec.Struct, frozen=True, order=True):
    """Lines of a file that a theme's passes executed in some runs, but not in all."""

    path: str
    theme: str
    lines: str


def find_flaps(runs: Sequence[Snapshot]) -> tuple[Flap, ...]:
    """Compare runs of one suite that measured the same sources with the same configuration.

    Runs with another commit or configuration than the newest, or with uncommitted changes, are
    ignored.
    """
    if not runs:
        return ()
    newest = runs[-1].provenance
    comparable_runs = [
        run
        for run in runs
        if run.provenance.commit == newest.commit
        and run.provenance.config == newest.config
        and run.provenance.dirty is False
    ]
    cells: dict[tuple[str, str], list[frozenset[int]]] = {}
    for run in comparable_runs:
        for path, file in run.files.items():
            for theme, cell in file.themes.items():
                cells.setdefault((path, theme), []).append(lines.decode(cell.executed_lines))
    flaps = []
    for (path, theme), executed_lines in cells.items():
        unstable = frozenset.union(*executed_lines) - frozenset.intersection(*executed_lines)
        if unstable:
            flaps.append(Flap(path, theme, lines.encode(unstable)))
    return tuple(sorted(flaps))
