"""Values for all records of a request, job or task, stored in contextvars.

Each thread and each asyncio task has its own values. A new task starts with a copy of its parent's
values, a new thread with none.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars


def context(**values: object) -> AbstractContextManager[None]:
    """Add values to all records inside the block, and restore the previous values after it.

    A value passed to a log call overrides one from the context.
    """
    return bound_contextvars(**values)


def bind(**values: object) -> None:
    """Add values to all following records, until `clear` or the end of the task."""
    bind_contextvars(**values)


def clear() -> None:
    """Remove all values from the current context; call it when a worker starts a new job."""
    clear_contextvars()
