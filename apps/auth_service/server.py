"""Running the service under gunicorn: one worker process, several threads.

One process, because the replay cache and the rates are its memory: a second one would accept an
assertion again. The worker builds the application itself, so that one that replaces a crashed one
starts from the files as they are now and not from what its master remembers, which may be a key
that was retired since; where the files are broken then, the service ends.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]


class OneWorker(Arbiter):  # type: ignore[misc]
    """Gunicorn's master, deaf to the signals that would start a second process.

    SIGHUP has nothing to do: keys and clients are followed as they change.
    """

    def ignore(self) -> None:
        """Say that a signal was not obeyed."""
        self.log.info("Ignored: keys and clients reload by themselves; the worker stays alone")

    handle_hup = handle_ttin = handle_ttou = handle_usr2 = ignore


class Server(BaseApplication):  # type: ignore[misc]
    """The service bound to an address; it stops cleanly on SIGINT and SIGTERM."""

    def __init__(self, factory: Callable[[], Flask], *, host: str, port: int, threads: int) -> None:
        """Configure gunicorn; nothing is bound yet, and ``factory`` is for the worker to call."""
        self._factory = factory
        self._options: dict[str, object] = {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": threads,
            "graceful_timeout": 5,
            "secure_scheme_headers": {},  # trusted_proxies decides, in one place
            "control_socket_disable": True,  # it could add workers
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand the options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build the application."""
        return self._factory()

    def run(self) -> None:
        """Serve until stopped; ends with SystemExit, as gunicorn does."""
        OneWorker(self).run()
