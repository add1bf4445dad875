"""Values that belong to every record of a request, a job, a task: held in contextvars.

Each thread and each asyncio task has values of its own; a new task starts with a copy of its
parent's, a new thread starts with none.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars


def context(**values: object) -> AbstractContextManager[None]:
    """Add values to every record made inside the block, and put the former ones back after it.

    A value given to a single log call wins over one from the context.
    """
    return bound_contextvars(**values)


def bind(**values: object) -> None:
    """Add values to every record from here on, until `clear` or the end of the task."""
    bind_contextvars(**values)


def clear() -> None:
    """Forget every value of the current context; call it where a worker takes new work."""
    clear_contextvars()
