"""A repository whose tests read in every way that a trace has to see."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from covernance.context import Context
from covernance.reuse.evidence import Evidence, read
from covernance.reuse.workflow import Found, Reuse
from tests.utils.contexts import context_of
from tests.utils.repository import Repository, clean_environment

TABLE = """\
[tool.covernance]
themes = ["reliability"]
fail-under = 10

[tool.covernance.reuse]
environment = ["REGION", "OUTSIDE"]
files = ["native"]

[tool.covernance.suites.calc]
source = ["calc"]
tests = ["tests/calc"]
requirements = "locks/calc.txt"

[tool.covernance.suites.plain]
source = ["plain"]
tests = ["tests/plain"]

[tool.covernance.suites.tool]
source = ["tool"]
tests = ["tests/tool"]

[tool.pytest.ini_options]
pythonpath = [".", "left", "right"]
addopts = "--import-mode=importlib --strict-markers -p no:randomly -p no:hypothesispytest"
markers = ["reliability"]
"""

TEST_CALC = """\
import importlib
import importlib.resources
import json
import mmap
import multiprocessing
import os
import pkgutil
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import addons
import calc
import extra
import helpers
import space.one

pytestmark = pytest.mark.reliability


def spawned():
    Path("data/spawned.txt").read_text()


def test_files(tmp_path, shared):
    with open("data/table.csv") as stream:
        assert stream.read()
    assert json.loads(Path("data/config.json").read_text())
    descriptor = os.open("data/raw.bin", os.O_RDONLY)
    assert os.read(descriptor, 10)
    os.close(descriptor)
    with open("data/mapped.bin", "rb") as stream:
        assert mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)[:1]
    root = Path.cwd()
    for place in ("file:data/base.sqlite3?mode=ro", f"file://{root}/data/quoted%20base.sqlite3"):
        base = sqlite3.connect(place, uri=True)
        assert base.execute("select * from numbers").fetchall()
        base.close()
    (tmp_path / "own.sqlite3").touch()
    sqlite3.connect(f"file://{tmp_path}/own.sqlite3", uri=True).close()
    (tmp_path / "own").mkdir()
    (tmp_path / "own/file").touch()
    shutil.rmtree(tmp_path / "own")
    assert importlib.resources.files("calc").joinpath("resource.txt").read_text()
    folder = os.open("data", os.O_RDONLY)
    os.close(os.open("relative.txt", os.O_RDONLY, dir_fd=folder))
    os.close(folder)
    shutil.copy("data/copied.txt", tmp_path)
    assert Path(os.environ["OUTSIDE"]).read_text()
    reader = threading.Thread(target=lambda: Path("data/threaded.txt").read_text())
    reader.start()
    reader.join()


def test_questions():
    assert not Path("overrides/local.toml").exists()
    assert os.path.getsize("data/sized.bin") == 3
    assert not os.access("data/script.sh", os.X_OK)
    assert sorted(os.listdir("data/listed")) == ["a", "b"]
    assert [path.read_text() for path in sorted(Path("data/parts").glob("*.txt"))]


def test_links():
    assert Path("data/link.txt").read_text()
    assert Path("current/version.txt").read_text()
    assert Path("vendor/lib/code.txt").read_text()


def test_imports():
    for module in pkgutil.iter_modules(addons.__path__):
        importlib.import_module(f"addons.{module.name}")
    assert helpers.SIDE == "right"
    assert space.one.NAME and calc.double(2) == 4 and extra.VERSION


def test_children():
    code = "open('data/child.txt').read()"
    subprocess.run([sys.executable, "-c", code], check=True)
    if not (child := os.fork()):
        Path("data/forked.txt").read_text()
        os._exit(0)
    os.waitpid(child, 0)
    process = multiprocessing.get_context("spawn").Process(target=spawned)
    process.start()
    process.join()
"""

TEST_TOOL = """\
import subprocess

import pytest

import tool


@pytest.mark.reliability
def test_tool():
    assert tool.one() == 1
    subprocess.run(["cat", "data/for_tool.txt"], check=True, stdout=subprocess.DEVNULL)
"""

FILES = {
    "pyproject.toml": TABLE,
    ".gitignore": "/coverage/\n.pytest_cache/\n__pycache__/\n",
    "README.md": "A sample.\n",
    "locks/calc.txt": "pytest==9\n",
    "native/opened_by_a_library": "1\n",
    "overrides/.keep": "",
    "calc/__init__.py": "def double(number):\n    return number * 2\n",
    "calc/unused.py": "NEVER = 'imported'\n",
    "calc/resource.txt": "resource\n",
    "plain/__init__.py": "def one():\n    return 1\n",
    "tool/__init__.py": "def one():\n    return 1\n",
    "addons/__init__.py": "",
    "addons/first.py": "FIRST = 1\n",
    "left/space/other.py": "NAME = 'other'\n",
    "right/space/one.py": "NAME = 'one'\n",
    "right/helpers.py": "SIDE = 'right'\n",
    "vendor/lib/code.txt": "submodule\n",
    "data/table.csv": "a,b\n",
    "data/config.json": "[1]\n",
    "data/raw.bin": "raw",
    "data/mapped.bin": "mapped",
    "data/relative.txt": "relative\n",
    "data/copied.txt": "copied\n",
    "data/threaded.txt": "threaded\n",
    "data/sized.bin": "123",
    "data/script.sh": "exit\n",
    "data/listed/a": "",
    "data/listed/b": "",
    "data/parts/1.txt": "one\n",
    "data/parts/2.txt": "two\n",
    "data/target_a.txt": "target\n",
    "data/target_b.txt": "target\n",
    "data/child.txt": "child\n",
    "data/forked.txt": "forked\n",
    "data/spawned.txt": "spawned\n",
    "data/for_tool.txt": "tool\n",
    "releases/1/version.txt": "same\n",
    "releases/2/version.txt": "same\n",
    "tests/conftest.py": "import pytest\n\n@pytest.fixture\ndef shared():\n    return 1\n",
    "tests/calc/test_calc.py": TEST_CALC,
    "tests/calc/test_more.py": (
        "import pytest\n\n@pytest.mark.reliability\ndef test_it():\n    pass\n"
    ),
    "tests/plain/test_plain.py": (
        "import plain\nimport pytest\n\n"
        "@pytest.mark.reliability\ndef test_one():\n    assert plain.one() == 1\n"
    ),
    "tests/tool/test_tool.py": TEST_TOOL,
}


class Sample:
    """The repository after a green run of every suite, put back to that state at will."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder / "repository", FILES)
        self.root = self.repository.root
        self.outside = folder / "outside.txt"
        self.outside.write_text("outside\n", encoding="utf-8")
        self.packages = folder / "packages"
        self._install("1.0")
        for name in ("calc/test_calc.py", "test_calc.py"):
            (self.root / name).unlink(missing_ok=True)
        for name in ("base", "quoted base"):
            base = sqlite3.connect(self.root / f"data/{name}.sqlite3")
            base.execute("create table numbers as select 1")
            base.commit()
            base.close()
        (self.root / "data/link.txt").symlink_to("target_a.txt")
        (self.root / "current").symlink_to("releases/1")
        (self.root / "data/script.sh").chmod(0o644)
        self.repository.git("init", "--quiet", "--initial-branch=main")
        self.repository.git("add", "--all")
        self.repository.git("commit", "--quiet", "--message=sample")
        self.ran = self.repository.covernance("run", environ=self.environ())
        self._kept = folder / "kept"
        self._now = datetime.now(UTC)
        for name in ("repository", "packages"):
            shutil.copytree(folder / name, self._kept / name, symlinks=True)

    def environ(self) -> dict[str, str]:
        return clean_environment() | {
            "OUTSIDE": str(self.outside),
            "PYTHONPATH": str(self.packages),
            "REGION": "north",
            "LANG": "C.UTF-8",
        }

    def restore(self) -> None:
        """Undo every change, to the time stamps."""
        for name in ("repository", "packages"):
            target = self._kept.parent / name
            shutil.rmtree(target)
            shutil.copytree(self._kept / name, target, symlinks=True)
        self.outside.write_text("outside\n", encoding="utf-8")

    def find(
        self,
        suite: str = "calc",
        environ: dict[str, str] | None = None,
        arguments: Sequence[str] = (),
        later: timedelta = timedelta(),
        python: str = sys.executable,
    ) -> Found:
        """What `covernance run` would find of a suite."""
        context = self.context(environ, later)
        reuse = Reuse(context, arguments)
        return reuse.find(context.table.suite(suite), Path(python))

    def context(
        self, environ: dict[str, str] | None = None, later: timedelta = timedelta()
    ) -> Context:
        """The context of a command that starts after the sample's runs."""
        return context_of(self.root, environ or self.environ(), self._now + later)

    def evidence(self, suite: str = "calc") -> Evidence:
        found = read(self.root / f"coverage/data/{suite}/evidence.json")
        assert found
        return found

    def append(self, name: str, text: str = "# changed\n") -> None:
        self.repository.append(name, text)

    def edit_unnoticed(self, name: str) -> None:
        """Change a file and leave its size and times as they were."""
        path = self.root / name
        before = path.stat()
        content = bytearray(path.read_bytes())
        content[0] ^= 1
        path.write_bytes(content)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert path.stat().st_size == before.st_size

    def upgrade(self) -> None:
        """Install another version of the package that is on PYTHONPATH."""
        shutil.rmtree(self.packages / "extra-1.0.dist-info")
        self._install("2.0")

    def _install(self, version: str) -> None:
        metadata = self.packages / f"extra-{version}.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Name: extra\nVersion: {version}\n", encoding="utf-8")
        (metadata / "RECORD").write_text(f"extra.py,sha256={version},1\n", encoding="utf-8")
        (self.packages / "extra.py").write_text("VERSION = 1\n", encoding="utf-8")
