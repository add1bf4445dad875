"""HTTP sink: posts batches of newline-delimited JSON to a collector."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from logging_lib.config import HttpConfig
from logging_lib.sinks.base import Entry


class CollectorError(OSError):
    """The collector's response was not a success."""


class HttpSink:
    """Posts each batch on a new connection; any response other than 2xx is a failure.

    Redirects are not followed, because they could send the token to another host. Batches are never
    sent again, so a collector gets no record twice but may miss some.
    """

    def __init__(self, config: HttpConfig, environ: Mapping[str, str]) -> None:
        """Read the URL and, from the environment, the token.

        Raises:
            ValueError: the URL is invalid, or the token is missing or would be sent in clear text.
        """
        url = urlsplit(config.url)
        if not url.hostname or url.username is not None:
            raise ValueError("`url` must have a host and no user; set the token with `token_env`")
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
            raise ValueError(
                f"environment variable {name} (`token_env`) does not contain a valid token"
            )
        if not self._secure and not _is_loopback(self._host):
            raise ValueError("a token is only sent over https; change `url` or remove `token_env`")
        return token

    def write(self, entries: Sequence[Entry]) -> None:
        """Post the entries, one per line.

        Raises:
            RefusedError: the response is not 2xx.
            OSError, http.client.HTTPException: there was no response in time.
        """
        body = "".join(f"{entry.line}\n" for entry in entries).encode("ascii")
        connection = self._connect()
        try:
            connection.request("POST", self._target, body, self._headers)
            status = connection.getresponse().status
        finally:
            connection.close()
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise CollectorError(f"the collector responded with {status}")

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
        """Do nothing: there is no open connection between two batches."""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
