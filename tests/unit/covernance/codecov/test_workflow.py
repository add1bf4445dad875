from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from covernance.codecov.workflow import diff, render, write
from covernance.config import Suite, Table
from covernance.errors import InputError

pytestmark = pytest.mark.architecture


@pytest.fixture
def table(tmp_path: Path) -> Table:
    (tmp_path / "apps/api").mkdir(parents=True)
    suite = Suite(
        name="no",  # a word that YAML takes for false
        source=("apps/api", "one <file>.py"),
        tests=("tests",),
        themes=("security",),
        fail_under=Decimal("9.25E+1"),
        max_drop=Decimal("0.5"),
        patch_fail_under=Decimal(80),
        requirements=None,
    )
    return Table(root=tmp_path, themes=suite.themes, suites=(suite,))


def test_a_suite_is_a_flag_with_its_floor_its_drop_and_its_patch(table: Table) -> None:
    text = render(table)
    assert (
        text.partition("    project:\n")[2]
        == """\
      "no-floor":
        flags: ["no"]
        target: 92.5%
        if_ci_failed: error
      "no-drop":
        flags: ["no"]
        target: auto
        threshold: 0.5%
        if_not_found: failure
        if_ci_failed: error
    patch:
      "no":
        flags: ["no"]
        target: 80%
        if_ci_failed: error

# Nothing is carried forward: a suite that did not arrive is missing, not as good as it once was.
flags:
  "no":
    carryforward: false
    paths:
      - "apps/api/"
      - "one \\u003cfile\\u003e.py"
"""
    )
    assert text.startswith("# Made by `covernance codecov`")


def test_what_was_written_is_in_step_until_the_file_changes(table: Table) -> None:
    assert diff(table).startswith("--- /dev/null\n+++ b/codecov.yml\n")
    write(table)
    assert diff(table) == ""
    path = table.root / "codecov.yml"
    path.write_text(path.read_text("utf-8").replace("target: 92.5%", "target: 50%"), "utf-8")
    assert "-        target: 50%\n+        target: 92.5%\n" in diff(table)


@pytest.mark.reliability
def test_a_file_that_can_not_be_read_is_a_clear_error(table: Table) -> None:
    (table.root / "codecov.yml").write_bytes(b"\xff")
    with pytest.raises(InputError, match=r"^codecov\.yml: can't be read: "):
        diff(table)
