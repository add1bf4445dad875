"""What adopters import is typed: mypy knows the attributes of suites and tables."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.utils.repository import clean_environment

pytestmark = pytest.mark.architecture

GUIDE = Path(__file__).parents[1] / "docs/test_framework_upgrades/adopt.md"
NOXFILE = re.compile(r"^```python title=noxfile\.py\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ATTRIBUTES = """\
from decimal import Decimal
from typing import assert_type

from covernance.config import (
    ExceptionSettings,
    HistorySettings,
    ReuseSettings,
    Suite,
    Table,
    find_root,
    load,
)
from covernance.sessions import HELPER, define, install_locked, measure

__all__ = ["HELPER", "define", "find_root", "install_locked", "load", "measure", "read"]


def read(table: Table, suite: Suite) -> None:
    assert_type(suite.source, tuple[str, ...])
    assert_type(suite.fail_under, Decimal)
    assert_type(suite.theme_floors, dict[str, Decimal])
    assert_type(suite.shards, int)
    assert_type(suite.python, str | None)
    assert_type(table.suites, tuple[Suite, ...])
    assert_type(table.history, HistorySettings)
    assert_type(table.history.store, str)
    assert_type(table.exceptions, ExceptionSettings)
    assert_type(table.reuse, ReuseSettings)
"""


def check(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run mypy on a file outside the repository, which sees the installed package."""
    (folder / "noxfile.py").write_text(text, encoding="utf-8")
    mypy = (sys.executable, "-m", "mypy", "--strict", "--config-file=", "noxfile.py")
    return subprocess.run(
        mypy, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=False
    )


def test_the_guides_noxfile_and_every_attribute_are_typed(tmp_path: Path) -> None:
    noxfile = NOXFILE.search(GUIDE.read_text(encoding="utf-8"))
    assert noxfile
    done = check(tmp_path, noxfile[1] + ATTRIBUTES)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.reliability
def test_a_misspelled_attribute_is_an_error(tmp_path: Path) -> None:
    done = check(tmp_path, ATTRIBUTES.replace("suite.shards", "suite.shard"))
    assert '"Suite" has no attribute "shard"' in done.stdout
