"""The benchmark workloads: this repository's suites, generated projects and two real ones."""

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
    """A project that is ready to test.

    Attributes:
        name: Name in the results.
        folder: Working directory of the commands.
        suite: Name of the suite in its table.
        source: The measured source folder.
        tests: The folder of the tests.
    """

    name: str
    folder: Path
    suite: str
    source: str
    tests: str


def prepare(name: str, work: Path) -> Workload:
    """Create a workload in `work`.

    Raises:
        KeyError: There is no workload with that name.
    """
    return WORKLOADS[name](work / name)


def _repository_suite(suite: str, source: str) -> Callable[[Path], Workload]:
    def create(folder: Path) -> Workload:
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)  # noqa: S603, S607 - this repository; git from the PATH
        return Workload(
            name=suite, folder=folder, suite=suite, source=source, tests=f"tests/unit/{suite}"
        )

    return create


def _generated_project(name: str, shape: Shape) -> Callable[[Path], Workload]:
    def create(folder: Path) -> Workload:
        generate(folder, shape)
        govern(folder, "made")
        return Workload(name=name, folder=folder, suite="project", source="made", tests="tests")

    return create


def _real_project(name: str, *ignored: str) -> Callable[[Path], Workload]:
    def create(folder: Path) -> Workload:
        folder.mkdir(parents=True)
        with tarfile.open(_archive(name, folder)) as archive:
            archive.extractall(folder, filter="data")
        (unpacked,) = folder.glob(f"{name}-*/")
        for subfolder in ("src", "tests"):
            shutil.move(unpacked / subfolder, folder / subfolder)
        govern(folder, f"src/{name}", path="src")
        spread(folder, ignored=ignored)
        return Workload(
            name=name, folder=folder, suite="project", source=f"src/{name}", tests="tests"
        )

    return create


def _archive(name: str, folder: Path) -> Path:
    """Download a project's pinned source distribution, which includes its tests."""
    pins = PROJECTS.read_text(encoding="utf-8").split("\n\n")
    requirement = folder / "requirement.txt"
    requirement.write_text(
        next(pin for pin in pins if pin.startswith(f"{name}==")), encoding="utf-8"
    )
    download = ("pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:")
    subprocess.run(  # noqa: S603 - pip with a pinned, hashed requirement
        [sys.executable, "-m", *download, "--require-hashes", "-r", requirement, "-d", folder],
        check=True,
    )
    (archive,) = folder.glob("*.tar.gz")
    return archive


WORKLOADS: dict[str, Callable[[Path], Workload]] = {
    "api": _repository_suite("api", "apps/api"),
    "auth": _repository_suite("auth", "apps/auth_service"),
    "logging": _repository_suite("logging", "logging_lib"),
    "tiny": _generated_project("tiny", TINY),
    "half-a-minute": _generated_project("half-a-minute", HALF_A_MINUTE),
    # Excludes 31,000 stress tests and the tests that need trio.
    "click": _real_project(
        "click", "tests/test_stream_lifecycle.py", "tests/test_utils/test_echo_via_pager.py"
    ),
    "jinja2": _real_project("jinja2", "tests/test_async.py", "tests/test_async_filters.py"),
}
