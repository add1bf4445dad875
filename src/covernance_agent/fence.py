"""The versions of coverage.py whose private names the fast way of counting may use.

With any other version, everything is counted and written through coverage.py's documented
interface. The results are the same, but each source is parsed once per report and theme.
"""

from __future__ import annotations

import coverage

KNOWN = ("7.17",)
"""The tested versions: `tests/unit/covernance_agent` passes with each."""


def is_known(version: str = coverage.__version__) -> bool:
    """Whether the private names of this version of coverage.py are known."""
    return ".".join(version.split(".")[:2]) in KNOWN
