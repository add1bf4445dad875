"""Batches of newline-delimited JSON, posted to a collector."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from logging_lib.config import HttpConfig
from logging_lib.sinks.base import Entry


class RefusedError(OSError):
    """The collector answered with something else than a success."""


class HttpSink:
    """Posts each batch on a connection of its own; any answer but 2xx is a failure.

    Redirects are not followed: they could carry the token to another host. A batch is sent once
    and never again, so a collector gets no record twice and may miss some.
    """

    def __init__(self, config: HttpConfig, environ: Mapping[str, str]) -> None:
        """Read the URL and, from the environment, the token.

        Raises:
            ValueError: the URL can't be used, the token is missing or would travel in clear text.
        """
        url = urlsplit(config.url)
        if not url.hostname or url.username is not None:
            raise ValueError("`url` needs a host, and the token goes into `token_env`")
        self.batch_size = config.batch_size
        self._secure = url.scheme == "https"
        self._host = url.hostname
        self._port = url.port
        self._target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self._timeout_s = config.timeout_s
        self._headers = {"Content-Type": "application/x-ndjson", "User-Agent": "logging_lib"}
        if config.token_env is not None:
            self._headers["Authorization"] = f"Bearer {self._token(config.token_env, environ)}"

    def _token(self, name: str, environ: Mapping[str, str]) -> str:
        token = environ.get(name, "")
        if not token or not token.isprintable() or not token.isascii():
            raise ValueError(f"environment variable {name} (`token_env`) holds no usable token")
        if not self._secure and not _is_loopback(self._host):
            raise ValueError("a token is sent over https only; change `url` or drop `token_env`")
        return token

    def write(self, entries: Sequence[Entry]) -> None:
        """Post the entries, a line each.

        Raises:
            RefusedError: the answer is not 2xx.
            OSError, http.client.HTTPException: there was no answer, or none in time.
        """
        body = "".join(f"{entry.line}\n" for entry in entries).encode("ascii")
        connection = self._connect()
        try:
            connection.request("POST", self._target, body, self._headers)
            status = connection.getresponse().status
        finally:
            connection.close()
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise RefusedError(f"the collector answered {status}")

    def _connect(self) -> http.client.HTTPConnection:
        if self._secure:
            return http.client.HTTPSConnection(
                self._host,
                self._port,
                timeout=self._timeout_s,
                context=ssl.create_default_context(),
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)

    def close(self) -> None:
        """Nothing is open between two batches."""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
