from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from covernance.shell.diffs import unified

pytestmark = pytest.mark.reliability


@pytest.mark.parametrize("before", [None, "", "a\n", "a", "a\nb", "a\r\nb\r\n", "a\x0cb\n"])
@pytest.mark.parametrize("after", ["c\n", "c", "a\nb", "a\r\nb\n"])
def test_git_applies_the_diff(tmp_path: Path, before: str | None, after: str) -> None:
    if before is not None:
        (tmp_path / "x.md").write_bytes(before.encode())
    diff = unified("x.md", before, after)
    assert bool(diff) == (before != after)
    if diff:
        subprocess.run(("git", "apply"), cwd=tmp_path, input=diff.encode(), check=True)
        assert (tmp_path / "x.md").read_bytes() == after.encode()
