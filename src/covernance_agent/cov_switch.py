"""Switch pytest-cov off: covernance measures instead, and both results would be incomplete."""

from __future__ import annotations

from collections.abc import Generator

import pytest

NOTE = "pytest-cov is switched off for this run, because covernance measures instead"


class CovSwitch:
    """A pytest plugin that switches pytest-cov off.

    Attributes:
        note: `NOTE` if pytest-cov would have measured, else "".
    """

    def __init__(self) -> None:
        """Wait for pytest to read its options."""
        self.note = ""

    def turn_off(self, early_config: pytest.Config) -> None:
        """Take the sources away that pytest-cov is asked to measure, before it starts.

        Its other options stay as they are, so that pytest can read them.
        """
        known = early_config.known_args_namespace
        if getattr(known, "cov_source", None):
            known.cov_source = []
            self.note = NOTE

    # Hook wrappers use the older `hookwrapper`, which every pytest from 7 on supports.
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(
        self, early_config: pytest.Config
    ) -> Generator[None, None, None]:
        """Switch pytest-cov off before it starts."""
        self.turn_off(early_config)
        yield
