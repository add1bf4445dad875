from __future__ import annotations

import subprocess
import sys

import pytest

# A crash ends the process, so another one takes it. Each round reads with new structures.
FIRST_REQUESTS = """
import importlib, json, sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, UTC
from threading import Barrier
from apps.api import counts, snapshots
from tests.unit.api.samples import snapshot

body = json.dumps(snapshot()).encode()

def parse(barrier):
    barrier.wait(60)
    return snapshots.parse_snapshot(body, now=datetime.now(UTC)).suite

with ThreadPoolExecutor(8) as pool:
    barrier = Barrier(8)
    list(pool.map(lambda _: barrier.wait(60), range(8)))  # start all threads first
    sys.setswitchinterval(1e-6)
    for _ in range(200):
        importlib.reload(counts)
        importlib.reload(snapshots)
        assert list(pool.map(parse, [Barrier(8)] * 8)) == ["api"] * 8
"""


@pytest.mark.reliability
def test_the_first_requests_of_a_process_can_be_concurrent() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_REQUESTS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
