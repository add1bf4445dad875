"""Assign pytest-xdist workers to long passes if cores would otherwise be idle."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from covernance.engine.schedule import Expected, Key
from covernance.errors import MachineError

LONG_SECONDS: Final = 30.0
"""With this many seconds of tests per process, another one is worth its import and collection."""


def assign_workers(
    passes: Sequence[Key], seconds: Expected, jobs: int, capable: Collection[str]
) -> dict[Key, int]:
    """Decide how many workers each long pass gets, so that all together use at most `jobs` cores.

    Args:
        passes: All passes of the run, by suite and theme.
        seconds: The total duration of the tests of each pass that may use workers.
        jobs: The number of cores.
        capable: The suites whose environment has pytest-xdist.

    Returns:
        Two or more workers per pass; passes that are not listed run their tests themselves.

    Raises:
        MachineError: A pass needs pytest-xdist, but its environment does not have it.
    """
    worker_counts = {key: 1 for key in passes if key in seconds}
    for _ in range(jobs - len(passes)):
        shares = {key: seconds[key] / count for key, count in worker_counts.items()}
        longest = max(shares, key=lambda key: shares[key], default=None)
        if longest is None or shares[longest] < LONG_SECONDS:
            break
        worker_counts[longest] += 1
    spread = {key: count for key, count in worker_counts.items() if count > 1}
    if suites_without_xdist := sorted({suite for suite, _ in spread} - set(capable)):
        suites = ", ".join(suites_without_xdist)
        msg = f"{suites}: xdist = true needs pytest-xdist; add it to the suite's requirements"
        raise MachineError(msg)
    return spread
