"""Which versions of coverage.py have the private names that the fast way of counting relies on.

With another version everything is counted and written by coverage.py's documented interface: the
results are the same, and each source is parsed once for every report and theme.
"""

from __future__ import annotations

import coverage

KNOWN = ("7.17",)
"""The versions that were tried: `tests/unit/covernance_agent` passes with each."""


def is_known(version: str = coverage.__version__) -> bool:
    """Whether the private names of this version of coverage.py are known."""
    return ".".join(version.split(".")[:2]) in KNOWN
