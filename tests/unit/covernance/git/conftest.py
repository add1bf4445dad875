"""Responsible for the tests of git, which start it outside repositories too."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_git_without_repository() -> None:
    """Use the real git, not the stand-in of other tests."""
