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
SHELL = re.compile(r"^```console in=your-repository\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.+?)(?:\s+#.*)?$", re.MULTILINE)

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
CHANGE = """

def twice(price):
    return total([price, price])
"""
TEST_OF_CHANGE = """

@pytest.mark.behaviour
@pytest.mark.security
def test_twice():
    from shop import twice

    assert twice(2) == 4
"""


def test_the_guides_blocks_and_commands_govern_a_plain_repository(tmp_path: Path) -> None:
    shop = tmp_path / "shop-repository"
    for name, text in {"shop/__init__.py": SHOP, "tests/test_shop.py": TESTS}.items():
        (shop / name).parent.mkdir(parents=True, exist_ok=True)
        (shop / name).write_text(text)
    run(shop, "git init -q -b main && git add --all && git commit -qm start")
    guide = GUIDE.read_text().replace("file:///path/to/covernance", ROOT.as_uri())
    blocks = dict(BLOCK.findall(guide))
    assert blocks.keys() == {"pyproject.toml", "noxfile.py", ".gitignore"}
    for name, text in blocks.items():
        (shop / name).write_text(text)

    first, second = (COMMAND.findall(block) for block in SHELL.findall(guide))
    output = [run(shop, command) for command in first]
    assert "shop: pass" in output[1]
    assert read(shop / "coverage/shop.snapshot.json").total.percent == 100
    assert (shop / "coverage/html/index.html").is_file()
    environment = shop / ".nox/tests_unit_shop"
    installed = {path.name for path in environment.glob("lib/python*/site-packages/*")}
    assert "pytest" in installed
    assert not installed & {"click", "covernance", "covernance_agent", "msgspec", "rich"}

    for name, text in {"shop/__init__.py": CHANGE, "tests/test_shop.py": TEST_OF_CHANGE}.items():
        with (shop / name).open("a") as stream:
            stream.write(text)
    output = [run(shop, command) for command in second]
    assert "shop: pass" in output[1]
    assert [text for text in output[2:4] if "bootstrap" in text] == []


def run(folder: Path, command: str) -> str:
    """Run a command of the guide, which must succeed."""
    tools = str(Path(sys.executable).parent)
    author = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "A Developer"), ("EMAIL", "dev@example.org"))
    }
    environ = clean_environment()
    done = subprocess.run(
        ("bash", "-c", command),
        cwd=folder,
        env=environ | author | {"PATH": f"{tools}:{environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout
