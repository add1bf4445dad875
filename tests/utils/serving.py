"""HTTP servers on loopback for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_POLL_S = 0.01


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve until the block ends, with one thread per request and without logging.

    Yields:
        The address, `127.0.0.1:49152`.
    """
    silent_handler = type(handler.__name__, (handler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), silent_handler) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": _POLL_S}, daemon=True
        )
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
