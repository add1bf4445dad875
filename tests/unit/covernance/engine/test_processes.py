from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from covernance.engine.passes import Pass
from covernance.engine.processes import Finished, run_passes
from covernance.engine.slots import Slots
from covernance.errors import MachineError
from tests.utils.processes import wait_for_end, wait_for_file

pytestmark = pytest.mark.reliability


class Watch:
    """Counts how many passes run at once, and records the order in which they end.

    Touches `first_ended` when the first one has ended.
    """

    def __init__(self, first_ended: Path | None = None) -> None:
        self.alive = self.most = 0
        self.ended: list[str] = []
        self.heard: list[str] = []
        self._first_ended = first_ended

    def started(self, _planned: Pass) -> None:
        self.alive += 1
        self.most = max(self.most, self.alive)

    def running(self, _planned: Pass) -> None:
        pass

    def finished(self, result: Finished) -> None:
        self.alive -= 1
        self.ended.append(result.planned.theme)
        if self._first_ended:
            self._first_ended.touch()

    def note(self, text: str) -> None:
        self.heard.append(text)


def python(folder: Path, theme: str, code: str, **environment: str) -> Pass:
    return Pass(
        suite="api",
        theme=theme,
        folder=folder / theme,
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
    passes = [
        python(tmp_path, "slow", f"{lasting_until(tmp_path / 'first')}print('slow')"),
        python(tmp_path, "quick", "import sys; print('quick'); sys.exit(3)"),
    ]
    results = run_passes(passes, slots=Slots(tmp_path / "slots", 2), observer=watch)
    assert [(r.planned.theme, r.status) for r in results] == [("slow", 0), ("quick", 3)]
    assert watch.ended == ["quick", "slow"]
    assert passes[0].output.read_text() == "slow\n"
    assert results[0].seconds > results[1].seconds > 0
    assert results[0].record is None


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_more_than_jobs_run_at_once(tmp_path: Path, jobs: int) -> None:
    watch = Watch()
    passes = [python(tmp_path, str(n), "import time; time.sleep(0.1)") for n in range(3)]
    run_passes(passes, slots=Slots(tmp_path / "slots", jobs), observer=watch)
    assert watch.most == jobs


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
    run_passes([python(tmp_path, "one", "")], slots=slots, observer=watch)
    other.join()
    assert watch.heard == ["waiting: other runs in this checkout use all slots"]


def test_a_running_pass_is_reported_repeatedly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("covernance.engine.processes._REPORT_SECONDS", 0.1)
    began = time.monotonic()
    report_times: list[float] = []

    class Third(Watch):
        def running(self, planned: Pass) -> None:
            assert planned is slow
            report_times.append(time.monotonic() - began)
            if len(report_times) == 3:
                (tmp_path / "reported").touch()

    slow = python(tmp_path, "slow", lasting_until(tmp_path / "reported"))
    run_passes([slow], slots=Slots(tmp_path / "slots", 1), observer=Third())
    assert all(seconds > 0.1 * number for number, seconds in enumerate(report_times, start=1))


@pytest.mark.architecture
def test_a_pass_does_not_inherit_the_variables_of_another_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COVERAGE_PROCESS_CONFIG", "of the process around us")
    code = "import os; print(os.environ['X'], os.environ.get('COVERAGE_PROCESS_CONFIG'))"
    one = python(tmp_path, "a", code, X="1")
    run_passes([one], slots=Slots(tmp_path / "slots", 1), observer=Watch())
    assert one.output.read_text() == "1 None\n"


def test_an_interactive_pass_uses_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = python(tmp_path, "a", "print('to the terminal')")
    run_passes([one], slots=Slots(tmp_path / "slots", 2), observer=Watch(), interactive=True)
    assert capfd.readouterr().out == "to the terminal\n"
    assert not one.output.exists()


def test_a_missing_command_is_a_clear_error(tmp_path: Path) -> None:
    one = Pass(suite="api", theme="a", folder=tmp_path / "a", command=("/no/such",), environment={})
    with pytest.raises(MachineError, match="api · a: can't be started"):
        run_passes([one], slots=Slots(tmp_path / "slots", 1), observer=Watch())


STUBBORN = """
import os, pathlib, signal, subprocess, sys, time
# The answer to the first Ctrl-C is another one, for the run that is just stopping this pass.
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
    passes = [python(tmp_path, str(number), "import time; time.sleep(600)") for number in range(2)]
    with pytest.raises(KeyboardInterrupt):
        run_passes(passes, slots=Slots(tmp_path / "slots", 1), observer=Watch())
    (pid,) = started
    wait_for_end([pid])


def test_an_ignored_interruption_stops_nothing(tmp_path: Path) -> None:
    class Late(Watch):
        def started(self, planned: Pass) -> None:
            super().started(planned)
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        (result,) = run_passes(
            [python(tmp_path, "a", "")], slots=Slots(tmp_path / "slots", 1), observer=Late()
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.status == 0


def test_an_interruption_at_the_end_of_the_last_pass_is_raised(tmp_path: Path) -> None:
    class Late(Watch):
        def finished(self, result: Finished) -> None:
            super().finished(result)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_passes([python(tmp_path, "a", "")], slots=Slots(tmp_path / "slots", 1), observer=Late())


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
        run_passes([stubborn], slots=Slots(tmp_path / "slots", 1), observer=Watch())
    thread.join()
    wait_for_end([int(pid.read_text())])
