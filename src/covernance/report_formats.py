"""The list of coverage.py's report formats.

In the agent, the module `covernance_agent.formats.<name>_report` writes reports of a format.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """A report format.

    Attributes:
        name: Its name in `--cov-report`.
        is_folder: Whether a report is a folder rather than a file.
        for_terminal: Whether a report is text for the terminal rather than a file.
        standard: Whether every full run writes it.
        finish: Transforms a written file before it is published.
    """

    name: str
    is_folder: bool = False
    for_terminal: bool = False
    standard: bool = False
    finish: Callable[[bytes], bytes] | None = None


def _indent(content: bytes) -> bytes:
    """Indent JSON like `coverage json --pretty-print`; the agent writes it on one line."""
    return msgspec.json.format(content, indent=4)


_FORMATS = (
    Format(name="json", standard=True, finish=_indent),
    Format(name="xml", standard=True),
    Format(name="html", is_folder=True, standard=True),
    Format(name="lcov"),
    Format(name="term", for_terminal=True),
    Format(name="term-missing", for_terminal=True),
)

FORMATS = {known.name: known for known in _FORMATS}
"""Every format by its name."""

STANDARD = tuple(known.name for known in _FORMATS if known.standard)
"""The formats that every full run writes."""
