"""The development runner as a developer uses it: start, paste, look, Ctrl-C."""

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
    """A runner that runs, and the text that it printed."""

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

    def _read_until(self, mark: str) -> str:
        assert self.process.stdout is not None
        seen: list[str] = []
        for line in self.process.stdout:
            seen.append(line)
            if mark in line:
                return "".join(seen)
        pytest.fail(f"the runner ended: {''.join(seen)}{self.errors.read_text()}")

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def commands(self) -> str:
        """What to paste: all from the first comment on."""
        return self.text[self.text.index("# a token") :]

    def url(self, path: str) -> str:
        """An address at the API."""
        found = re.search(r"http://127\.0\.0\.1:\d+(?=/v1/)", self.text)
        assert found is not None
        return found[0] + path

    def stop(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; return the exit code and all that was said since."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=STOP_SECONDS)
        return self.process.returncode, out + self.errors.read_text()

    def service_pids(self) -> list[int]:
        """The processes of both services: their command lines name the folder."""
        return [pid for pid in pids_naming(self.state) if pid != self.process.pid]


def pids_naming(folder: Path) -> list[int]:
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    lines = [line.split(maxsplit=1) for line in listed.splitlines()]
    return [int(pid) for pid, *rest in lines if rest and str(folder) in rest[0]]


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def wait_until_nothing_is_left(folder: Path) -> None:
    """A process that has just ended needs a moment to vanish from the list."""
    wait_for_end(pids_naming(folder))
    assert pids_naming(folder) == []


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
    """Run lines in bash, as pasted into a terminal elsewhere; the output of all of them."""
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
    """A folder whose name a shell would split if it were not quoted."""
    return tmp_path / "my hub's state"


@pytest.mark.architecture
def test_the_printed_lines_work_as_they_are_and_ctrl_c_ends_it_cleanly(state: Path) -> None:
    with running(state) as hub:
        answers = paste(hub.commands)
        posted, trend, badge = answers.split("\n", 2)
        services = hub.service_pids()

        code, said = hub.stop(signal.SIGINT)

        assert '"suite":"api"' in posted
        assert '"percent":"91.34"' in posted
        assert trend.count('"recorded_at"') == 1
        assert '"theme":"security"' in trend
        assert 'aria-label="api coverage: 91.34%"' in badge
        assert len(services) == 4  # each a master and a worker
        assert code == 0
        assert "Traceback" not in said
        assert "The hub has stopped." in said
        wait_until_nothing_is_left(state)


@pytest.mark.reliability
def test_a_second_run_keeps_keys_client_and_snapshots(state: Path) -> None:
    with running(state) as first:
        created = paste(first.commands).split("\n", 1)[0]
        kept = {path: path.read_bytes() for path in state.rglob("*.pem")}
        kept |= {path: path.read_bytes() for path in (state / "netrc", state / "clients.json")}
        first.stop(signal.SIGINT)
    with running(state) as second:
        repeated = paste(second.commands).split("\n", 1)[0]

        assert repeated == created
        assert len(kept) == 3
        assert {path: path.read_bytes() for path in kept} == kept


@pytest.mark.reliability
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ways_of_being_stopped_leave_no_orphans_either(
    state: Path, number: signal.Signals
) -> None:
    with running(state) as hub:
        code, said = hub.stop(number)

        assert code == 0
        assert "Traceback" not in said
        wait_until_nothing_is_left(state)


@pytest.mark.reliability
def test_ctrl_c_while_it_starts_leaves_nothing_behind(state: Path) -> None:
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
    said, _ = process.communicate(timeout=STOP_SECONDS)

    assert process.returncode == 0
    assert "Traceback" not in said
    wait_until_nothing_is_left(state)


@pytest.mark.reliability
def test_when_one_service_dies_the_runner_says_so_and_takes_the_other_along(state: Path) -> None:
    with running(state) as hub:
        (master,) = [pid for pid in pids_naming(state / "auth.toml") if parent(pid) == hub.pid]
        os.kill(master, signal.SIGKILL)  # its worker sees that and ends

        out, _ = hub.process.communicate(timeout=STOP_SECONDS)

        assert hub.process.returncode == 1
        assert "auth_service has ended with exit code -9" in hub.errors.read_text()
        assert "Traceback" not in out + hub.errors.read_text()
        wait_until_nothing_is_left(state)


@pytest.mark.reliability
def test_a_second_runner_in_the_same_folder_and_a_taken_port_are_refused(
    state: Path, tmp_path: Path
) -> None:
    def refused(folder: Path, *options: str) -> str:
        done = subprocess.run(
            [*RUNNER, "--state", str(folder), *options],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 3
        assert len(done.stderr.splitlines()) == 1
        return done.stderr

    with running(state), socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])

        assert "another hub runs" in refused(state, *ANY_PORTS)
        assert f"port {taken} is in use" in refused(
            tmp_path / "other", "--auth-port", "0", "--api-port", taken
        )


@pytest.mark.security
def test_secrets_stay_in_files_that_only_their_owner_reads(state: Path) -> None:
    with running(state) as hub:
        paste(hub.commands)
        secret = (state / "netrc").read_text().split()[-1]
        listed = subprocess.run(
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
    assert secret not in hub.text + listed + logs
    assert "eyJ" not in logs  # how every JWT begins


@pytest.mark.security
def test_without_a_token_the_running_hub_tells_nothing(state: Path) -> None:
    with running(state) as hub:
        ready = wait_until_healthy(hub.url("/readyz"))
        refused = httpx.get(hub.url("/v1/repos/widgets/snapshots"), trust_env=False)
        forged = httpx.get(
            hub.url("/v1/repos/widgets/snapshots"),
            headers={"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
            trust_env=False,
        )

    assert ready.json()["checks"] == {"database": "ok", "keys": "ok"}
    assert refused.status_code == forged.status_code == 401
    assert 'error="invalid_token"' in forged.headers["WWW-Authenticate"]
