"""Run the services as child processes, and always stop them."""

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
    """A service did not start, or exited by itself; the message includes the end of its log."""


class Service:
    """A child process in its own session, so that Ctrl-C in the terminal does not reach it.

    The runner handles Ctrl-C and stops the services in order.
    """

    def __init__(self, name: str, arguments: Sequence[str], *, url: str, log: Path) -> None:
        """Start the process.

        Args:
            name: Name of the service in messages.
            arguments: Arguments after ``python -m``.
            url: Base URL of the service.
            log: File for the output; overwritten.
        """
        self.name = name
        self.url = url
        self.log = log
        # ignore settings meant for another hub
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
        """Check that the process is running.

        Raises:
            ServiceError: The process has exited.
        """
        if (code := self._process.poll()) is not None:
            raise ServiceError(self._with_log_tail(f"has exited with code {code}"))

    def is_ready(self) -> bool:
        """Return whether the service reports that it is ready."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def timeout_error(self) -> ServiceError:
        """Return the error for a service that did not become ready in time."""
        return ServiceError(self._with_log_tail(f"is not ready after {READY_SECONDS:.0f} s"))

    def stop(self) -> None:
        """Terminate the process; kill it after `STOP_SECONDS`."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _with_log_tail(self, problem: str) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"{self.name} {problem}; end of {self.log}:", *lines])


class Services:
    """Both services; leaving the ``with`` block always stops them."""

    def __init__(self, workspace: Workspace) -> None:
        """Store the workspace; nothing is started yet."""
        self._workspace = workspace
        self._running: list[Service] = []

    def __enter__(self) -> Self:
        """Return this object; nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the running services, last started first."""
        while self._running:
            self._running.pop().stop()

    def start(self) -> None:
        """Start both services."""
        workspace = self._workspace
        self._start("auth_service", workspace.auth_config, workspace.auth_url, workspace.auth_port)
        self._start("api", workspace.api_config, workspace.api_url, workspace.api_port)

    def wait_until_ready(self, stopped: Callable[[], bool]) -> bool:
        """Wait until both services are ready or the runner is stopped.

        Returns:
            Whether both services are ready.

        Raises:
            ServiceError: A service has exited, or is not ready after `READY_SECONDS`.
        """
        deadline = time.monotonic() + READY_SECONDS
        for service in self._running:
            while not service.is_ready():
                service.check()
                if stopped():
                    return False
                if time.monotonic() > deadline:
                    raise service.timeout_error()
                time.sleep(POLL_SECONDS)
        return True

    def check(self) -> None:
        """Check that both services are running.

        Raises:
            ServiceError: A service has exited.
        """
        for service in self._running:
            service.check()

    def _start(self, name: str, config: Path, url: str, port: int) -> None:
        arguments = [f"apps.{name}", "--config", str(config)]
        arguments += ["serve", "--host", HOST, "--port", str(port)]
        log = self._workspace.folder / f"{name}.log"
        self._running.append(Service(name, arguments, url=url, log=log))


def free_port(requested: int) -> int | None:
    """Return the port if it is free, or any free port for 0; None if it is in use."""
    with socket.socket() as probe:
        # bind like the server does, so that a hub that was just stopped does not block the port
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, requested))
        except OSError:
            return None
        port: int = probe.getsockname()[1]
        return port
