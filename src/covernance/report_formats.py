"""coverage.py's report formats: the one list of them.

The agent writes a file report by its module `covernance_agent.formats.<name>_report`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """A report format.

    Attributes:
        name: What `--cov-report` calls it.
        is_folder: Whether a report is a folder rather than a file.
        for_terminal: Whether a report is text for the terminal rather than a file.
        standard: Whether every complete run writes it.
        finish: What is done to a written file before it is published.
    """

    name: str
    is_folder: bool = False
    for_terminal: bool = False
    standard: bool = False
    finish: Callable[[bytes], bytes] | None = None


def _indent(content: bytes) -> bytes:
    """JSON as `coverage json --pretty-print` writes it; the agent writes it on one line."""
    return msgspec.json.format(content, indent=4)


_FORMATS = (
    Format(name="json", standard=True, finish=_indent),
    Format(name="xml", standard=True),
    Format(name="html", is_folder=True, standard=True),
    Format(name="lcov"),
    Format(name="term", for_terminal=True),
    Format(name="term-missing", for_terminal=True),
)

FORMATS = {one.name: one for one in _FORMATS}
"""Every format by its name."""

STANDARD = tuple(one.name for one in _FORMATS if one.standard)
"""The formats that every complete run writes."""
