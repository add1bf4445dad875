from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from covernance.errors import MachineError
from covernance.measure.plan import Pass
from covernance.measure.run import Finished, run_passes
from covernance.measure.slots import Slots

pytestmark = pytest.mark.reliability


class Watch:
    """Counts how many passes run at once, and keeps the order in which they end."""

    def __init__(self) -> None:
        self.alive = self.most = self.ran = 0
        self.ended: list[str] = []
        self.heard: list[str] = []

    def started(self, _planned: Pass) -> None:
        self.alive += 1
        self.most = max(self.most, self.alive)

    def running(self, _planned: Pass) -> None:
        self.ran += 1

    def finished(self, result: Finished) -> None:
        self.alive -= 1
        self.ended.append(result.planned.theme)

    def told(self, text: str) -> None:
        self.heard.append(text)


def python(folder: Path, theme: str, code: str, **environment: str) -> Pass:
    return Pass(
        suite="api",
        theme=theme,
        folder=folder / theme,
        command=(sys.executable, "-c", code),
        environment=environment,
    )


def test_results_come_in_the_order_given_with_status_and_output(tmp_path: Path) -> None:
    passes = [
        python(tmp_path, "slow", "import time; time.sleep(0.3); print('slow')"),
        python(tmp_path, "quick", "import sys; print('quick'); sys.exit(3)"),
    ]
    watch = Watch()
    results = run_passes(passes, slots=Slots(tmp_path / "slots", 2), observer=watch)
    assert [(r.planned.theme, r.status) for r in results] == [("slow", 0), ("quick", 3)]
    assert watch.ended == ["quick", "slow"]
    assert passes[0].output.read_text() == "slow\n"
    assert results[0].seconds > 0.2
    assert results[0].record is None


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_more_than_jobs_run_at_once(tmp_path: Path, jobs: int) -> None:
    watch = Watch()
    passes = [python(tmp_path, str(n), "import time; time.sleep(0.1)") for n in range(3)]
    run_passes(passes, slots=Slots(tmp_path / "slots", jobs), observer=watch)
    assert watch.most == jobs


def test_a_run_that_waits_for_the_slots_of_others_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("covernance.measure.run._PATIENCE_SECONDS", 0.1)
    slots = Slots(tmp_path / "slots", 1)
    taken = slots.take()
    assert taken
    other = threading.Timer(0.5, taken.close)
    other.start()
    watch = Watch()
    run_passes([python(tmp_path, "one", "")], slots=slots, observer=watch)
    other.join()
    assert watch.heard == ["waiting: other runs in this checkout hold every slot"]


def test_a_running_pass_is_told_now_and_then(tmp_path: Path) -> None:
    watch = Watch()
    slow = python(tmp_path, "slow", "import time; time.sleep(0.8)")
    run_passes([slow], slots=Slots(tmp_path / "slots", 1), observer=watch)
    assert 1 <= watch.ran <= 5


@pytest.mark.architecture
def test_a_pass_has_its_own_variables_and_not_another_measurements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COVERAGE_PROCESS_CONFIG", "of the process around us")
    code = "import os; print(os.environ['X'], os.environ.get('COVERAGE_PROCESS_CONFIG'))"
    one = python(tmp_path, "a", code, X="1")
    run_passes([one], slots=Slots(tmp_path / "slots", 1), observer=Watch())
    assert one.output.read_text() == "1 None\n"


def test_an_interactive_pass_keeps_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = python(tmp_path, "a", "print('to the terminal')")
    run_passes([one], slots=Slots(tmp_path / "slots", 2), observer=Watch(), interactive=True)
    assert capfd.readouterr().out == "to the terminal\n"
    assert not one.output.exists()


def test_a_command_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    one = Pass(suite="api", theme="a", folder=tmp_path / "a", command=("/no/such",), environment={})
    with pytest.raises(MachineError, match="api · a: can't be started"):
        run_passes([one], slots=Slots(tmp_path / "slots", 1), observer=Watch())


STUBBORN = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "{pid}").write_text(str(child.pid))
time.sleep(60)
"""


def test_an_interruption_stops_children_of_children_and_those_that_ignore_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("covernance.measure.run._GRACE_SECONDS", 0.3)
    pid = tmp_path / "pid"
    stubborn = python(tmp_path, "a", STUBBORN.replace("{pid}", str(pid)))

    def interrupt() -> None:
        while not (pid.exists() and pid.read_text()):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_passes([stubborn], slots=Slots(tmp_path / "slots", 1), observer=Watch())
    thread.join()
    grandchild = int(pid.read_text())
    deadline = time.monotonic() + 5
    while alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(grandchild)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
