"""Render records for humans at a terminal instead of as JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from structlog.dev import ConsoleRenderer, plain_traceback

# C0, DEL, C1 and the Unicode line separators: they can move the cursor or end a line.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_renderer = ConsoleRenderer(colors=False, exception_formatter=plain_traceback)


def render_console(line: str) -> str:
    """Render a JSON line for a terminal, so that no value can look like another record.

    Control characters are escaped. Traceback lines are prefixed with a bar.
    """
    event: dict[str, Any] = json.loads(line)
    blocks = [
        "".join(f"\n  | {_escape(text)}" for text in str(event.pop(key)).split("\n"))
        for key in ("exception", "stack")
        if key in event
    ]
    plain = {_escape(key): _show(value) for key, value in event.items()}
    return "".join([str(_renderer(None, "", plain)), *blocks])


def _show(value: object) -> object:
    return _escape(value) if isinstance(value, str) else value


def _escape(text: str) -> str:
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
