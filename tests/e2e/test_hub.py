"""The development runner as a developer uses it: start it, paste its commands, press Ctrl-C."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.utils.healthcheck import wait_until_healthy
from tests.utils.processes import PATIENCE_SECONDS, wait_for_end

RUNNER = [sys.executable, "-m", "apps.hub"]
ANY_PORTS = ["--auth-port", "0", "--api-port", "0"]
STOP_SECONDS = 120


class Hub:
    """A running development runner and the text that it printed."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.errors = state.with_suffix(".stderr")
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*RUNNER, "--state", str(state), *ANY_PORTS],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        self.text = self._read_until("badge.svg")

    def _read_until(self, last_line: str) -> str:
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line)
            if last_line in line:
                return "".join(lines)
        pytest.fail(f"the runner exited: {''.join(lines)}{self.errors.read_text()}")

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def commands(self) -> str:
        """The commands to paste: everything from the first comment on."""
        return self.text[self.text.index("# get a token") :]

    def url(self, path: str) -> str:
        """The URL of a path in the API."""
        match = re.search(r"http://127\.0\.0\.1:\d+(?=/v1/)", self.text)
        assert match is not None
        return match[0] + path

    def stop(self, signal_number: signal.Signals) -> tuple[int, str]:
        """Send a signal; return the exit code and the remaining output."""
        self.process.send_signal(signal_number)
        out, _ = self.process.communicate(timeout=STOP_SECONDS)
        return self.process.returncode, out + self.errors.read_text()

    def service_pids(self) -> list[int]:
        """The processes of both services, found by the folder in their command lines."""
        return [pid for pid in pids_using(self.state) if pid != self.process.pid]


def pids_using(folder: Path) -> list[int]:
    process_list = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    lines = [line.split(maxsplit=1) for line in process_list.splitlines()]
    return [int(pid) for pid, *rest in lines if rest and str(folder) in rest[0]]


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def wait_until_no_process_is_left(folder: Path) -> None:
    """Wait until no process of the folder is left: an ended one is listed for a moment."""
    wait_for_end(pids_using(folder))
    assert pids_using(folder) == []


@contextmanager
def running(state: Path) -> Iterator[Hub]:
    hub = Hub(state)
    try:
        yield hub
    finally:
        for pid in hub.service_pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        hub.process.kill()
        hub.process.communicate()


def paste(commands: str) -> str:
    """Run the commands in bash, as if pasted into another terminal; return their output."""
    assert shutil.which("curl"), "this test needs curl: install the Debian package curl"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", commands],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A folder whose name must be quoted in a shell."""
    return tmp_path / "my hub's state"


@pytest.mark.architecture
def test_printed_commands_work_and_ctrl_c_stops_cleanly(state: Path) -> None:
    with running(state) as hub:
        responses = paste(hub.commands)
        snapshot, trend, badge = responses.split("\n", 2)
        services = hub.service_pids()

        code, output = hub.stop(signal.SIGINT)

        assert '"suite":"api"' in snapshot
        assert '"percent":"91.34"' in snapshot
        assert trend.count('"recorded_at"') == 1
        assert '"theme":"security"' in trend
        assert 'aria-label="api coverage: 91.34%"' in badge
        assert len(services) == 4  # a master and a worker each
        assert code == 0
        assert "Traceback" not in output
        assert "The hub has stopped." in output
        wait_until_no_process_is_left(state)


@pytest.mark.reliability
def test_a_second_run_reuses_keys_client_and_snapshots(state: Path) -> None:
    with running(state) as first:
        created = paste(first.commands).split("\n", 1)[0]
        contents = {path: path.read_bytes() for path in state.rglob("*.pem")}
        contents |= {path: path.read_bytes() for path in (state / "netrc", state / "clients.json")}
        first.stop(signal.SIGINT)
    with running(state) as second:
        repeated = paste(second.commands).split("\n", 1)[0]

        assert repeated == created
        assert len(contents) == 3
        assert {path: path.read_bytes() for path in contents} == contents


@pytest.mark.reliability
@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGHUP])
def test_other_stop_signals_leave_no_orphans(state: Path, signal_number: signal.Signals) -> None:
    with running(state) as hub:
        code, output = hub.stop(signal_number)

        assert code == 0
        assert "Traceback" not in output
        wait_until_no_process_is_left(state)


@pytest.mark.reliability
def test_ctrl_c_during_startup_leaves_no_process_behind(state: Path) -> None:
    process = subprocess.Popen(
        [*RUNNER, "--state", str(state), *ANY_PORTS],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (state / "api.log").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=STOP_SECONDS)

    assert process.returncode == 0
    assert "Traceback" not in output
    wait_until_no_process_is_left(state)


@pytest.mark.reliability
def test_if_a_service_dies_the_runner_reports_it_and_stops_the_other(state: Path) -> None:
    with running(state) as hub:
        (master,) = [pid for pid in pids_using(state / "auth.toml") if parent(pid) == hub.pid]
        os.kill(master, signal.SIGKILL)  # its worker notices and exits

        out, _ = hub.process.communicate(timeout=STOP_SECONDS)

        assert hub.process.returncode == 1
        assert "auth_service has exited with code -9" in hub.errors.read_text()
        assert "Traceback" not in out + hub.errors.read_text()
        wait_until_no_process_is_left(state)


@pytest.mark.reliability
def test_a_folder_or_port_in_use_is_rejected(state: Path, tmp_path: Path) -> None:
    def start_error(folder: Path, *options: str) -> str:
        done = subprocess.run(
            [*RUNNER, "--state", str(folder), *options],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 3
        assert len(done.stderr.splitlines()) == 1
        return done.stderr

    with running(state), socket.create_server(("127.0.0.1", 0)) as listener:
        used_port = str(listener.getsockname()[1])

        assert "another hub is using this folder" in start_error(state, *ANY_PORTS)
        assert f"port {used_port} is in use" in start_error(
            tmp_path / "other", "--auth-port", "0", "--api-port", used_port
        )


@pytest.mark.security
def test_secrets_stay_in_owner_only_files(state: Path) -> None:
    with running(state) as hub:
        paste(hub.commands)
        secret = (state / "netrc").read_text().split()[-1]
        process_list = subprocess.run(
            ["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True
        ).stdout
        logs = "".join(path.read_text() for path in state.glob("*.log"))
        hub.stop(signal.SIGINT)

    modes = {path.name: path.stat().st_mode & 0o077 for path in state.rglob("*") if path.is_file()}
    assert {name: modes[name] for name in ("netrc", "clients.json")} == {
        "netrc": 0,
        "clients.json": 0,
    }
    assert state.stat().st_mode & 0o077 == 0
    assert secret not in hub.text + process_list + logs
    assert "eyJ" not in logs  # the start of every JWT


@pytest.mark.security
def test_requests_without_a_valid_token_are_rejected(state: Path) -> None:
    with running(state) as hub:
        ready = wait_until_healthy(hub.url("/readyz"))
        anonymous = httpx.get(hub.url("/v1/repos/widgets/snapshots"), trust_env=False)
        forged = httpx.get(
            hub.url("/v1/repos/widgets/snapshots"),
            headers={"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
            trust_env=False,
        )

    assert ready.json()["checks"] == {"database": "ok", "keys": "ok"}
    assert anonymous.status_code == forged.status_code == 401
    assert 'error="invalid_token"' in forged.headers["WWW-Authenticate"]
