"""Which passes run their tests in pytest-xdist's workers: long ones, where cores would be idle."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from covernance.engine.schedule import Expected, Key
from covernance.errors import MachineError

LONG_SECONDS: Final = 30.0
"""From how many seconds of tests on, for each process, one more pays: it imports and collects."""


def assign_workers(
    passes: Sequence[Key], seconds: Expected, jobs: int, capable: Collection[str]
) -> dict[Key, int]:
    """How many workers each long pass gets, so that no more cores are used than there are.

    Args:
        passes: All that are to run, by suite and theme.
        seconds: What the tests of those that may be spread took, one after another.
        jobs: How many cores there are.
        capable: The suites in whose environment pytest-xdist is installed.

    Returns:
        Two and more for those that get workers; the others run their tests themselves.

    Raises:
        MachineError: pytest-xdist is not installed where a pass would use it.
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
