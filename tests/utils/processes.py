"""Check whether processes are running, and wait for them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

PATIENCE_SECONDS = 60.0
"""How long a test waits for an expected event; generous, for busy machines."""


def is_alive(pid: int) -> bool:
    """Return whether a process is running; a zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for_end(pids: Iterable[int]) -> None:
    """Wait until none of these processes is running any more."""
    remaining = list(pids)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while remaining := [pid for pid in remaining if is_alive(pid)]:
        assert time.monotonic() < deadline, f"still running: {remaining}"
        time.sleep(0.01)


def wait_for_file(path: Path) -> str:
    """Wait until a file has content, and return the content."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (path.exists() and (text := path.read_text(encoding="utf-8"))):
        assert time.monotonic() < deadline, f"{path} is missing or empty"
        time.sleep(0.01)
    return text
