"""`covernance metrics-baseline` on real pytest, with a test that is flaky by design."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.utils.processes import PATIENCE_SECONDS, wait_for_file
from tests.utils.repository import Ran, Repository, clean_environment

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).parents[2]

FLAKY = """

@pytest.mark.reliability
def test_flips():
    switch = Path("switch")
    if switch.exists():
        switch.unlink()
        raise AssertionError("it was on")
    switch.touch()
"""

ORDER = """

@pytest.fixture(autouse=True)
def _order(request):
    yield
    with Path("order.txt").open("a") as stream:
        stream.write(f"{request.node.name} ")


@pytest.fixture(autouse=True, scope="session")
def _repetition():
    yield
    with Path("order.txt").open("a") as stream:
        stream.write("\\n")
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The snapshot of a full run."""
    repository = Repository(tmp_path_factory.mktemp("result"))
    assert repository.covernance("run").code == 0
    return (repository.root / "coverage/calc.snapshot.json").read_bytes()


@pytest.fixture(autouse=True)
def _measured(repository: Repository, result: bytes) -> None:
    """The suite was run; `Path` is at hand for the tests that are added."""
    (repository.root / "coverage").mkdir()
    (repository.root / "coverage/calc.snapshot.json").write_bytes(result)
    path = repository.root / "tests/test_calc.py"
    path.write_text(f"from pathlib import Path\n{path.read_text()}")


def baseline(repository: Repository, *arguments: str) -> Ran:
    return repository.covernance("metrics-baseline", *arguments)


def document(repository: Repository) -> dict[str, Any]:
    content = (repository.root / "docs/metrics/baseline.json").read_bytes()
    decoded: dict[str, Any] = json.loads(content)
    return decoded


def test_a_flaky_test_is_found_among_stable_ones(repository: Repository) -> None:
    repository.append("tests/test_calc.py", FLAKY)
    ran = baseline(repository, "--repeat", "4", "--seed", "100")

    assert ran.code == 0, ran.text
    calc = document(repository)["suites"]["calc"]
    assert calc["flaky"] == {"tests/test_calc.py::test_flips": {"failed": 2, "passed": 2}}
    assert calc["broken"] == []
    assert calc["tests"] == 4
    assert [run["seed"] for run in calc["repetitions"]] == [100, 101, 102, 103]
    assert calc["seconds"]["least"] <= calc["seconds"]["median"] <= calc["seconds"]["most"]
    assert {slow["test"].split("::")[0] for slow in calc["slowest"]} == {"tests/test_calc.py"}
    total = calc["coverage"]["total"]
    assert (total["executed"], total["taken"]) == (total["statements"], total["branches"])
    assert "FLAKY: tests/test_calc.py::test_flips: 2 failed, 2 passed" in ran.out
    progress = [line for line in ran.err.splitlines() if "repetition" in line]
    assert len(progress) == 4
    assert re.fullmatch(
        r"calc: repetition 2 of 4, seed 101: 1 failed, 3 passed in \d+\.\d s", progress[1]
    )
    page = (repository.root / "docs/metrics/baseline.md").read_text()
    assert "| calc | `tests/test_calc.py::test_flips` | 2 failed, 2 passed |" in page


def test_orders_differ_and_a_recorded_seed_gives_its_order_again(repository: Repository) -> None:
    repository.append("tests/test_calc.py", ORDER)
    for number in range(8):
        repository.append("tests/test_calc.py", f"\ndef test_{number}():\n    pass\n")
    assert baseline(repository, "--repeat", "3").code == 0
    assert baseline(repository, "--repeat", "3", "--seed", str(first_seed(repository))).code == 0

    orders = (repository.root / "order.txt").read_text().splitlines()
    assert len(orders) == 6
    assert len(set(orders[:3])) == 3
    assert orders[:3] == orders[3:]


def first_seed(repository: Repository) -> int:
    seed: int = document(repository)["suites"]["calc"]["repetitions"][0]["seed"]
    return seed


def test_a_test_that_always_fails_makes_it_1_and_is_named(repository: Repository) -> None:
    repository.append("tests/test_calc.py", "\ndef test_broken():\n    raise ValueError\n")
    ran = baseline(repository, "--repeat", "2")
    assert ran.code == 1
    assert "ALWAYS FAILS: tests/test_calc.py::test_broken" in ran.out
    assert document(repository)["suites"]["calc"]["broken"] == ["tests/test_calc.py::test_broken"]


@pytest.mark.security
def test_tests_that_can_t_be_collected_leave_the_last_baseline(repository: Repository) -> None:
    assert baseline(repository, "--repeat", "1").code == 0
    before = (repository.root / "docs/metrics/baseline.json").read_bytes()
    repository.append("tests/test_calc.py", "\nimport nothing_of_that_name\n")
    ran = baseline(repository, "--repeat", "2")
    assert ran.code == 3
    assert "calc: repetition 1 did not finish" in ran.err
    assert "nothing_of_that_name" in ran.err
    assert "Traceback (most recent call last)" not in ran.err
    assert (repository.root / "docs/metrics/baseline.json").read_bytes() == before
    assert list((repository.root / "coverage/data/.work").glob("run-*")) == []


@pytest.mark.security
def test_the_machine_is_described_without_its_name(repository: Repository) -> None:
    assert baseline(repository, "--repeat", "1").code == 0
    machine = document(repository)["machine"]
    assert set(machine) == {"cpu", "cpus", "memory_mib", "python", "system"}
    page = (repository.root / "docs/metrics/baseline.md").read_text()
    assert str(repository.root) not in page
    name = re.escape(socket.gethostname())
    assert not re.search(rf"\b{name}\b", json.dumps(machine) + page)


def test_an_interruption_stops_the_tests_and_writes_nothing(repository: Repository) -> None:
    hanging = """
import time

def test_hangs():
    Path("hangs").write_text("now")
    time.sleep(600)
"""
    repository.append("tests/test_calc.py", hanging)
    process = subprocess.Popen(
        (sys.executable, "-m", "covernance", "metrics-baseline"),
        cwd=repository.root,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for_file(repository.root / "hangs")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130, output
    assert not (repository.root / "docs").exists()
    assert list((repository.root / "coverage/data/.work").glob("run-*")) == []


@pytest.mark.architecture
def test_the_script_is_the_command(repository: Repository) -> None:
    scripts = repository.root / "scripts"
    scripts.mkdir()
    for name in ("_python.sh", "test_metrics_baseline.sh", "tool.py"):
        shutil.copy(ROOT / "scripts" / name, scripts)
    environ = {"VIRTUAL_ENV": sys.prefix}
    ran = repository.command(
        "scripts/test_metrics_baseline.sh", "--dry-run", "--seed=5", "--repeat=1", environ=environ
    )
    assert ran.code == 0, ran.text
    assert "-p randomly --randomly-seed=5" in ran.out
    (repository.root / "nowhere/bin").mkdir(parents=True)
    nowhere = {"VIRTUAL_ENV": str(repository.root / "nowhere")}
    ran = repository.command("scripts/test_metrics_baseline.sh", environ=nowhere)
    assert (ran.code, ran.out) == (3, "")
    assert "run 'make dev' once" in ran.err
