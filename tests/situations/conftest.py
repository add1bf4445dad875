"""Responsible for collecting situations: each `*.toml` below this folder is one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.situations.situation import read_situation, run_situation


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".toml":
        return None
    collected: pytest.Collector = SituationFile.from_parent(parent, path=file_path)
    return collected


class SituationFile(pytest.File):
    """A file with a situation."""

    def collect(self) -> Iterator[pytest.Item]:
        item: pytest.Item = SituationItem.from_parent(self, name=self.path.stem)
        item.add_marker(pytest.mark.reliability)
        yield item


class SituationItem(pytest.Item):
    """A situation as a test."""

    def runtest(self) -> None:
        folder = self.config._tmp_path_factory.mktemp(self.name)  # type: ignore[attr-defined]
        run_situation(read_situation(self.path), folder / "repository")

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:
        """What was seen, without the traceback of the code that looked."""
        need = read_situation(self.path).need
        if excinfo.errisinstance(AssertionError):
            return f"{need}\n\n{excinfo.value}"
        return f"{need}\n\n{super().repr_failure(excinfo)}"

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name
