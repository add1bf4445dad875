"""A plain repository becomes a governed one by the guide's blocks alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from covernance.model.snapshot import read
from tests.utils.repository import clean_environment

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "tests/docs/test_framework_upgrades/adopt.md"
BLOCK = re.compile(r"^```\w+ title=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(nox|covernance) (.+?)(?:\s+#.*)?$", re.MULTILINE)

SHOP = "def total(prices):\n    if not prices:\n        return 0\n    return sum(prices)\n"
TESTS = """\
import pytest
from shop import total


@pytest.mark.behaviour
def test_total():
    assert total([1, 2]) == 3


@pytest.mark.security
def test_nothing_costs_nothing():
    assert total([]) == 0
"""


def test_the_guides_blocks_and_commands_govern_a_plain_repository(tmp_path: Path) -> None:
    shop = tmp_path / "shop-repository"
    for name, text in {"shop/__init__.py": SHOP, "tests/test_shop.py": TESTS}.items():
        (shop / name).parent.mkdir(parents=True, exist_ok=True)
        (shop / name).write_text(text)
    guide = GUIDE.read_text().replace("file:///path/to/covernance", ROOT.as_uri())
    blocks = dict(BLOCK.findall(guide))
    assert blocks.keys() == {"pyproject.toml", "noxfile.py", ".gitignore"}
    for name, text in blocks.items():
        (shop / name).write_text(text)
    for command in ("init -q -b main", "add -A", "commit -qm start"):
        run(shop, "git", "-c", "user.name=A", "-c", "user.email=a@example.org", *command.split())

    commands = COMMAND.findall(guide.rpartition("```bash")[2])
    assert [tool for tool, _ in commands] == ["nox", *["covernance"] * 3]
    for tool, arguments in commands:
        expected = {0, 2} if arguments == "guard" else {0}  # nothing earlier to compare with
        run(shop, sys.executable, "-m", tool, *arguments.split(), expected=expected)

    result = read(shop / "coverage/shop.snapshot.json")
    assert result.verdict == "pass"
    assert result.total.percent == 100
    assert (shop / "coverage/html/index.html").is_file()
    environment = shop / ".nox/tests_unit_shop"
    installed = {path.name for path in environment.glob("lib/python*/site-packages/*")}
    assert "pytest" in installed
    assert not installed & {"click", "covernance", "covernance_agent", "msgspec", "rich"}


def run(folder: Path, *command: str, expected: frozenset[int] | set[int] = frozenset({0})) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in expected, done.stdout + done.stderr
