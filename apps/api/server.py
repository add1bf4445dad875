"""Run the API under gunicorn: one process, several threads.

There is only one process because the rate limits are in its memory: a second one would double every
quota. Gunicorn stops cleanly on SIGINT and SIGTERM.
"""

from __future__ import annotations

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # it has no types


class Server(BaseApplication):  # type: ignore[misc]  # it has no types
    """The API bound to an address; ``run()`` serves until stopped."""

    def __init__(self, app: Flask, *, host: str, port: int, threads: int) -> None:
        """Configure gunicorn; nothing is bound yet."""
        self._app = app
        self._options: dict[str, object] = {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": threads,
            "graceful_timeout": 5,
            "timeout": 30,
            "loglevel": "warning",
            # its default path is shared by all servers of a user
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        """Pass the options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application."""
        return self._app
