from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from covernance.engine.processes import Ended, Launch, run_processes
from covernance.engine.slots import Slots
from covernance.errors import MachineError
from tests.utils.processes import wait_for_end, wait_for_file

pytestmark = pytest.mark.reliability


class Watch:
    """Counts how many processes run at once, and records the order in which they end.

    Touches `first_ended` when the first one has ended.
    """

    def __init__(self, first_ended: Path | None = None) -> None:
        self.alive = self.most = 0
        self.order: list[str] = []
        self.heard: list[str] = []
        self._first_ended = first_ended

    def started(self, _launch: Launch) -> None:
        self.alive += 1
        self.most = max(self.most, self.alive)

    def running(self, _launch: Launch) -> None:
        pass

    def ended(self, ended: Ended) -> None:
        self.alive -= 1
        self.order.append(ended.launch.name)
        if self._first_ended:
            self._first_ended.touch()

    def note(self, text: str) -> None:
        self.heard.append(text)


def python(folder: Path, name: str, code: str, **environment: str) -> Launch:
    return Launch(
        name=name,
        folder=folder / name,
        command=(sys.executable, "-c", code),
        environment=environment,
    )


def lasting_until(path: Path) -> str:
    """A program that ends when a file exists."""
    return (
        f"import pathlib, time\nwhile not pathlib.Path({str(path)!r}).exists(): time.sleep(0.01)\n"
    )


def test_results_are_in_the_given_order_with_status_and_output(tmp_path: Path) -> None:
    watch = Watch(first_ended=tmp_path / "first")
    launches = [
        python(tmp_path, "slow", f"{lasting_until(tmp_path / 'first')}print('slow')"),
        python(tmp_path, "quick", "import sys; print('quick'); sys.exit(3)"),
    ]
    results = run_processes(launches, slots=Slots(tmp_path / "slots", 2), watcher=watch)
    assert [(r.launch.name, r.status) for r in results] == [("slow", 0), ("quick", 3)]
    assert watch.order == ["quick", "slow"]
    assert launches[0].output.read_text() == "slow\n"
    assert results[0].seconds > results[1].seconds > 0


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_more_than_jobs_run_at_once(tmp_path: Path, jobs: int) -> None:
    watch = Watch()
    launches = [python(tmp_path, str(n), "import time; time.sleep(0.1)") for n in range(3)]
    run_processes(launches, slots=Slots(tmp_path / "slots", jobs), watcher=watch)
    assert watch.most == jobs


def test_a_process_takes_as_many_slots_as_it_has_workers(tmp_path: Path) -> None:
    watch = Watch()
    launches = [
        msgspec.structs.replace(python(tmp_path, str(n), "import time; time.sleep(0.1)"), slots=2)
        for n in range(2)
    ]
    run_processes(launches, slots=Slots(tmp_path / "slots", 3), watcher=watch)
    assert watch.most == 1


def test_waiting_for_the_slots_of_other_runs_is_reported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("covernance.engine.processes._PATIENCE_SECONDS", 0.1)
    slots = Slots(tmp_path / "slots", 1)
    taken = slots.take()
    assert taken
    other = threading.Timer(0.3, taken.close)

    class Impatient(Watch):
        def note(self, text: str) -> None:
            super().note(text)
            other.start()  # the slot stays taken for a while after the report

    watch = Impatient()
    run_processes([python(tmp_path, "one", "")], slots=slots, watcher=watch)
    other.join()
    assert watch.heard == ["waiting: other runs in this checkout use all slots"]


def test_a_running_process_is_reported_repeatedly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("covernance.engine.processes._REPORT_SECONDS", 0.1)
    began = time.monotonic()
    report_times: list[float] = []

    class Third(Watch):
        def running(self, launch: Launch) -> None:
            assert launch is slow
            report_times.append(time.monotonic() - began)
            if len(report_times) == 3:
                (tmp_path / "reported").touch()

    slow = python(tmp_path, "slow", lasting_until(tmp_path / "reported"))
    run_processes([slow], slots=Slots(tmp_path / "slots", 1), watcher=Third())
    assert all(seconds > 0.1 * number for number, seconds in enumerate(report_times, start=1))


@pytest.mark.architecture
def test_a_process_does_not_inherit_the_variables_of_another_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COVERAGE_PROCESS_CONFIG", "of the process around us")
    code = "import os; print(os.environ['X'], os.environ.get('COVERAGE_PROCESS_CONFIG'))"
    one = python(tmp_path, "a", code, X="1")
    run_processes([one], slots=Slots(tmp_path / "slots", 1), watcher=Watch())
    assert one.output.read_text() == "1 None\n"


def test_an_interactive_process_uses_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = python(tmp_path, "a", "print('to the terminal')")
    run_processes([one], slots=Slots(tmp_path / "slots", 2), watcher=Watch(), interactive=True)
    assert capfd.readouterr().out == "to the terminal\n"
    assert not one.output.exists()


def test_a_missing_command_is_a_clear_error(tmp_path: Path) -> None:
    one = Launch(name="api · a", folder=tmp_path / "a", command=("/no/such",), environment={})
    with pytest.raises(MachineError, match="api · a: can't be started"):
        run_processes([one], slots=Slots(tmp_path / "slots", 1), watcher=Watch())


STUBBORN = """
import os, pathlib, signal, subprocess, sys, time
# The answer to the first Ctrl-C is another one, for the run that is just stopping this process.
signal.signal(signal.SIGINT, lambda *_: os.kill(os.getppid(), signal.SIGINT))
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path("{pid}").write_text(str(child.pid))
time.sleep(600)
"""


def test_an_interruption_during_a_start_leaves_no_child_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - the base's
            super().__init__(*arguments, **options)
            started.append(self.pid)
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("covernance.engine.processes.subprocess.Popen", Interrupted)
    launches = [
        python(tmp_path, str(number), "import time; time.sleep(600)") for number in range(2)
    ]
    with pytest.raises(KeyboardInterrupt):
        run_processes(launches, slots=Slots(tmp_path / "slots", 1), watcher=Watch())
    (pid,) = started
    wait_for_end([pid])


def test_an_ignored_interruption_stops_nothing(tmp_path: Path) -> None:
    class Late(Watch):
        def started(self, launch: Launch) -> None:
            super().started(launch)
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        (result,) = run_processes(
            [python(tmp_path, "a", "")], slots=Slots(tmp_path / "slots", 1), watcher=Late()
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.status == 0


def test_an_interruption_at_the_end_of_the_last_process_is_raised(tmp_path: Path) -> None:
    class Late(Watch):
        def ended(self, ended: Ended) -> None:
            super().ended(ended)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_processes(
            [python(tmp_path, "a", "")], slots=Slots(tmp_path / "slots", 1), watcher=Late()
        )


def test_an_interruption_stops_children_of_children_and_those_that_ignore_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("covernance.engine.processes._GRACE_SECONDS", 0.3)
    pid = tmp_path / "pid"
    stubborn = python(tmp_path, "a", STUBBORN.replace("{pid}", str(pid)))

    def interrupt() -> None:
        wait_for_file(pid)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_processes([stubborn], slots=Slots(tmp_path / "slots", 1), watcher=Watch())
    thread.join()
    wait_for_end([int(pid.read_text())])
