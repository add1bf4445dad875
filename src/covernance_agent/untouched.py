"""The standard library's functions as they were before any test ran.

Tests replace functions, and some never put them back. What the agent does after the last test must
not depend on that: it runs with the functions that were there before, and then leaves things as
the tests left them.
"""

from __future__ import annotations

import builtins
import io
import json
import os
import pathlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

_OWNERS: tuple[Any, ...] = (
    *(builtins, io, json, os, os.path),
    *(pathlib.PurePath, type(pathlib.PurePath()), pathlib.Path, type(pathlib.Path())),
)
"""The modules and classes whose functions the agent uses after the tests."""


class Untouched:
    """The functions at the time of this object's creation."""

    def __init__(self) -> None:
        """Remember the functions."""
        self._before = [(owner, dict(vars(owner))) for owner in _OWNERS]

    @contextmanager
    def used(self) -> Generator[None, None, None]:
        """Use the functions that were there before, within a `with` statement."""
        replaced = [
            (owner, name, value, before)
            for owner, before in self._before
            for name, value in vars(owner).items()
            if value is not before.get(name)
        ]
        for owner, name, _, before in replaced:
            if name in before:
                setattr(owner, name, before[name])
            else:
                delattr(owner, name)
        try:
            yield
        finally:
            for owner, name, value, _ in replaced:
                setattr(owner, name, value)
