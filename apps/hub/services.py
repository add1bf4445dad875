"""The services as child processes: started, watched, always stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self

import httpx

from apps.hub.workspace import HOST, Workspace

ROOT: Final = Path(__file__).resolve().parents[2]
STOP_SECONDS: Final = 10.0
READY_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.1
_TAIL_LINES: Final = 15


class ServiceError(Exception):
    """A service that did not come up, or has ended by itself; the message shows its last lines."""


class Service:
    """One child process, in a session of its own so that the terminal's Ctrl-C spares it.

    The runner gets the Ctrl-C and stops the services in order.
    """

    def __init__(self, name: str, arguments: Sequence[str], *, url: str, log: Path) -> None:
        """Start the process.

        Args:
            name: What to call it.
            arguments: What follows ``python -m``.
            url: Where it will answer.
            log: Where its output goes; begins anew.
        """
        self.name = name
        self.url = url
        self.log = log
        # what is set for another hub must not reach this one
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("HUB_API_")
        }
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603  # this interpreter, our own modules
                [sys.executable, "-m", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def check(self) -> None:
        """Make sure that the process runs.

        Raises:
            ServiceError: It has ended.
        """
        if (code := self._process.poll()) is not None:
            raise ServiceError(self._told(f"has ended with exit code {code}"))

    def is_ready(self) -> bool:
        """Whether it answers that it can do its work."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def not_ready(self) -> ServiceError:
        """The error to raise when time is up."""
        return ServiceError(self._told(f"is not ready after {READY_SECONDS:.0f} s"))

    def stop(self) -> None:
        """End the process: politely, and after `STOP_SECONDS` by force."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _told(self, what: str) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"{self.name} {what}; the end of {self.log}:", *lines])


class Services:
    """Both services; leaving the block stops them, whatever happened."""

    def __init__(self, workspace: Workspace) -> None:
        """Remember what to start."""
        self._workspace = workspace
        self._running: list[Service] = []

    def __enter__(self) -> Self:
        """Begin with nothing started."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what was started, the last first."""
        while self._running:
            self._running.pop().stop()

    def start(self) -> None:
        """Start both."""
        space = self._workspace
        self._start("auth_service", space.auth_config, space.auth_url, space.auth_port)
        self._start("api", space.api_config, space.api_url, space.api_port)

    def wait_until_ready(self, stopped: Callable[[], bool]) -> bool:
        """Wait for both to be able to work, or for somebody to stop the runner.

        Returns:
            Whether both are ready.

        Raises:
            ServiceError: One has ended, or takes longer than `READY_SECONDS`.
        """
        deadline = time.monotonic() + READY_SECONDS
        for service in self._running:
            while not service.is_ready():
                service.check()
                if stopped():
                    return False
                if time.monotonic() > deadline:
                    raise service.not_ready()
                time.sleep(POLL_SECONDS)
        return True

    def check(self) -> None:
        """Make sure that both run.

        Raises:
            ServiceError: One has ended.
        """
        for service in self._running:
            service.check()

    def _start(self, name: str, config: Path, url: str, port: int) -> None:
        arguments = [f"apps.{name}", "--config", str(config)]
        arguments += ["serve", "--host", HOST, "--port", str(port)]
        log = self._workspace.folder / f"{name}.log"
        self._running.append(Service(name, arguments, url=url, log=log))


def free_port(wanted: int) -> int | None:
    """Return the port if it can be had, or any free one for 0; None where it is taken."""
    with socket.socket() as probe:
        # as the server will bind: what a hub that was just stopped leaves behind is no hindrance
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            return None
        port: int = probe.getsockname()[1]
        return port
