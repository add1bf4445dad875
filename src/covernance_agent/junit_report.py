"""The JUnit XML of one pass, written by pytest's own reporter; the tool merges those of a suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from _pytest.junitxml import LogXML

from covernance_agent.untouched import Untouched

JUNIT = "tests.junit.xml"
"""The file in the folder of a pass."""


class JunitReport(LogXML):
    """pytest's reporter, without its line on the terminal.

    It is registered beside the one that `--junitxml` registers. Fixtures such as `record_property`
    do not know about it, so that no test behaves differently because of it. The family `xunit1` has
    the file and line of each test.
    """

    def __init__(self, folder: Path) -> None:
        """Write to the folder of a pass."""
        super().__init__(str(folder / JUNIT), None, family="xunit1")
        self._untouched = Untouched()

    def pytest_sessionfinish(self) -> None:
        """Write the file, whatever functions the tests replaced."""
        with self._untouched.used():
            super().pytest_sessionfinish()

    def pytest_terminal_summary(self, *_arguments: Any) -> None:  # noqa: ANN401 - replaces a hook
        """Print nothing."""
