"""Run garbage collection less often while many objects are created and few are dropped."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM_THRESHOLD = 200_000


@contextmanager
def seldom() -> Iterator[None]:
    """Collect garbage a few hundred times less often; syntax trees and counts produce none."""
    thresholds = gc.get_threshold()
    gc.set_threshold(_SELDOM_THRESHOLD)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
