"""Running the service under gunicorn: one process, several threads.

One process, because the replay cache and the rates are its memory: a second one would accept an
assertion again. Gunicorn stops cleanly on SIGINT and SIGTERM. On SIGHUP it replaces the worker by
a fork of the application that is loaded already, so that a broken file cannot stop the service.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from apps.auth_service.parts import EXTENSION, Parts


class Server(BaseApplication):  # type: ignore[misc]
    """The service bound to an address; ``run()`` returns when it is stopped."""

    def __init__(self, app: Flask, *, host: str, port: int, threads: int) -> None:
        """Configure gunicorn; nothing is bound yet."""
        self._app = app
        self._options: dict[str, object] = {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": threads,
            "preload_app": True,
            "graceful_timeout": 5,
            "timeout": 30,
            "secure_scheme_headers": {},  # trusted_proxies decides, in one place
            "post_fork": _forget(app),
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand the options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application."""
        return self._app


def _forget(app: Flask) -> Callable[[object, object], None]:
    parts: Parts = app.extensions[EXTENSION]

    def post_fork(_arbiter: object, _worker: object) -> None:
        """A new worker has not seen what the one before it accepted."""
        parts.replay.restart()

    return post_fork
