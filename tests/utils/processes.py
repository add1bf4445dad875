"""Tell whether processes run, and wait until they have ended."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

PATIENCE_SECONDS = 60.0
"""How long a test waits for what is sure to come: the machine may be loaded."""


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and only waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for_end(pids: Iterable[int]) -> None:
    """Wait until none of these processes runs: a kill is not over when it is sent."""
    waiting = list(pids)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while waiting := [pid for pid in waiting if is_alive(pid)]:
        assert time.monotonic() < deadline, f"still running: {waiting}"
        time.sleep(0.01)


def wait_for_file(path: Path) -> str:
    """Wait until a file has content, and return it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (path.exists() and (text := path.read_text(encoding="utf-8"))):
        assert time.monotonic() < deadline, f"nothing in {path}"
        time.sleep(0.01)
    return text
