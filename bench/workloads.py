"""What is measured: this repository's suites, a generated project, two real ones."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.generate import Shape, generate
from bench.themes import govern, spread

ROOT = Path(__file__).parent.parent
PROJECTS = Path(__file__).with_name("projects.txt")

HALF_A_MINUTE = Shape(files=20, statements=200, tests=300, seconds=0.1)
TINY = Shape(files=1, statements=20, tests=3)


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """A project that is ready to be tested.

    Attributes:
        name: As the results carry it.
        folder: Where its commands run.
        suite: The suite of its table.
        source: What is measured.
        tests: What is collected.
    """

    name: str
    folder: Path
    suite: str
    source: str
    tests: str


def prepare(name: str, work: Path) -> Workload:
    """Make a workload below `work`.

    Raises:
        KeyError: There is none of that name.
    """
    return WORKLOADS[name](work / name)


def _own(suite: str, source: str) -> Callable[[Path], Workload]:
    def make(folder: Path) -> Workload:
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)  # noqa: S603, S607 - this repository; git from the PATH
        return Workload(
            name=suite, folder=folder, suite=suite, source=source, tests=f"tests/unit/{suite}"
        )

    return make


def _generated(name: str, shape: Shape) -> Callable[[Path], Workload]:
    def make(folder: Path) -> Workload:
        generate(folder, shape)
        govern(folder, "made")
        return Workload(name=name, folder=folder, suite="project", source="made", tests="tests")

    return make


def _real(name: str, *ignored: str) -> Callable[[Path], Workload]:
    def make(folder: Path) -> Workload:
        folder.mkdir(parents=True)
        with tarfile.open(_archive(name, folder)) as archive:
            archive.extractall(folder, filter="data")
        (unpacked,) = folder.glob(f"{name}-*/")
        for part in ("src", "tests"):
            shutil.move(unpacked / part, folder / part)
        govern(folder, f"src/{name}", path="src")
        spread(folder, ignored=ignored)
        return Workload(
            name=name, folder=folder, suite="project", source=f"src/{name}", tests="tests"
        )

    return make


def _archive(name: str, folder: Path) -> Path:
    """The pinned source distribution of a project, which has its tests."""
    pins = PROJECTS.read_text(encoding="utf-8").split("\n\n")
    wanted = folder / "requirement.txt"
    wanted.write_text(next(pin for pin in pins if pin.startswith(f"{name}==")), encoding="utf-8")
    download = ("pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:")
    subprocess.run(  # noqa: S603 - pip with a pinned, hashed requirement
        [sys.executable, "-m", *download, "--require-hashes", "-r", wanted, "-d", folder],
        check=True,
    )
    (found,) = folder.glob("*.tar.gz")
    return found


WORKLOADS: dict[str, Callable[[Path], Workload]] = {
    "api": _own("api", "apps/api"),
    "auth": _own("auth", "apps/auth_service"),
    "logging": _own("logging", "logging_lib"),
    "tiny": _generated("tiny", TINY),
    "half-a-minute": _generated("half-a-minute", HALF_A_MINUTE),
    # Left out: 31,000 stress tests, and those that need trio.
    "click": _real(
        "click", "tests/test_stream_lifecycle.py", "tests/test_utils/test_echo_via_pager.py"
    ),
    "jinja2": _real("jinja2", "tests/test_async.py", "tests/test_async_filters.py"),
}
