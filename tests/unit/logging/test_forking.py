from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]

FORK = """
import os, sys
import logging_lib
path = sys.argv[1]
runtime = logging_lib.configure({"sinks": [{"type": "file", "path": path}]}, environ={})
log = logging_lib.get_logger("fork")
for n in range(50):
    log.info("parent", n=n)
pid = os.fork()
if pid == 0:
    log.info("child", pid=os.getpid())
    ok = logging_lib.flush(10)
    emitted = logging_lib.metrics.snapshot().emitted
    os._exit(0 if ok and emitted == {"file": 1} else 1)
log.info("parent", n=50)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""

MULTIPROCESSING = """
import multiprocessing, sys
import logging_lib
def work():
    logging_lib.get_logger("fork").info("child")
if __name__ == "__main__":
    logging_lib.configure({"sinks": [{"type": "file", "path": sys.argv[1]}]}, environ={})
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
    assert child.exitcode == 0
"""

AT_EXIT = """
import sys
import logging_lib
logging_lib.configure({"sinks": [{"type": "file", "path": sys.argv[1]}]}, environ={})
for n in range(500):
    logging_lib.get_logger("exit").info("n", n=n)
raise SystemExit(3)
"""


def run(script: str, log: Path) -> tuple[int, list[dict[str, Any]]]:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(log)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.stderr == ""
    return result.returncode, [json.loads(line) for line in log.read_text().splitlines()]


@pytest.mark.reliability
def test_a_forked_child_logs_without_repeating_the_parents_records(tmp_path: Path) -> None:
    status, records = run(FORK, tmp_path / "log")
    assert status == 0
    assert sorted(r["n"] for r in records if r["event"] == "parent") == list(range(51))
    assert sum(r["event"] == "child" for r in records) == 1


@pytest.mark.reliability
def test_a_multiprocessing_child_writes_its_last_records(tmp_path: Path) -> None:
    status, records = run(MULTIPROCESSING, tmp_path / "log")
    assert status == 0
    assert [r["event"] for r in records] == ["child"]


@pytest.mark.reliability
def test_queued_records_are_written_when_the_process_ends(tmp_path: Path) -> None:
    status, records = run(AT_EXIT, tmp_path / "log")
    assert status == 3
    assert [r["n"] for r in records] == list(range(500))
