"""Run the service under gunicorn: one worker process, several threads.

There is only one process because the replay cache and the rate limits live in its memory: a
second process would accept an assertion again. The worker builds the app itself, so that a worker
that replaces a crashed one reads the current files instead of inheriting the master's state, which
could include a retired key. If the files are invalid at that moment, the service stops.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]


class SingleWorkerArbiter(Arbiter):  # type: ignore[misc]
    """Gunicorn's master process, ignoring the signals that would start a second worker.

    SIGHUP is not needed: keys and clients are reloaded when they change.
    """

    def ignore(self) -> None:
        """Log that a signal was ignored."""
        self.log.info("Signal ignored: files reload automatically, and there is only one worker")

    handle_hup = handle_ttin = handle_ttou = handle_usr2 = ignore


class Server(BaseApplication):  # type: ignore[misc]
    """The service bound to an address. Stops cleanly on SIGINT and SIGTERM."""

    def __init__(self, factory: Callable[[], Flask], *, host: str, port: int, threads: int) -> None:
        """Configure gunicorn. Nothing is bound yet; the worker will call ``factory``."""
        self._factory = factory
        self._options: dict[str, object] = {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": threads,
            "graceful_timeout": 5,
            "secure_scheme_headers": {},  # only trusted_proxies decides
            "control_socket_disable": True,  # it could add workers
        }
        super().__init__()

    def load_config(self) -> None:
        """Pass the options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build the application."""
        return self._factory()

    def run(self) -> None:
        """Serve until stopped; ends with SystemExit, like gunicorn."""
        SingleWorkerArbiter(self).run()
