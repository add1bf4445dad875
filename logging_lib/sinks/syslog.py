"""Syslog sink: RFC 5424 messages over UDP, TCP or a local socket."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Sequence
from logging.handlers import SysLogHandler

from logging_lib.config import SyslogConfig
from logging_lib.sinks.base import Entry

MAX_DATAGRAM = 2048
"""The size that every RFC 5426 receiver should accept (section 3.2); longer messages are cut."""

_SEVERITIES = (  # RFC 5424 section 6.2.1: minimum level of each severity
    (logging.CRITICAL, SysLogHandler.LOG_CRIT),
    (logging.ERROR, SysLogHandler.LOG_ERR),
    (logging.WARNING, SysLogHandler.LOG_WARNING),
    (logging.INFO, SysLogHandler.LOG_INFO),
)
_NIL = "-"


class SyslogSink:
    """Sends each record as one message with the JSON line as its text.

    The connection is opened with the first record, and again after a failure.
    """

    batch_size = 1

    def __init__(self, config: SyslogConfig) -> None:
        """Store the address; nothing is sent yet.

        Raises:
            ValueError: there is no such facility.
        """
        facility = SysLogHandler.facility_names.get(config.facility)
        if facility is None:
            raise ValueError(f"unknown syslog facility {config.facility!r}; use user or local0…7")
        self._config = config
        self._facility = facility
        self._host = _header_field(socket.gethostname(), 255)
        self._socket: socket.socket | None = None

    def write(self, entries: Sequence[Entry]) -> None:
        """Send a message for each entry.

        Raises:
            OSError: the receiver can't be reached, or accepted no data for `timeout_s` seconds.
        """
        try:
            if self._socket is None:
                self._socket = self._connect()
            for entry in entries:
                self._send(self._socket, self._message(entry))
        except OSError:
            self.close()  # a message may be incomplete, so the next one needs a new connection
            raise

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> socket.socket:
        config = self._config
        if config.transport == "tcp":
            return socket.create_connection((config.address, config.port), config.timeout_s)
        if config.transport == "unix":
            family, address = socket.AF_UNIX, config.address
            connection = socket.socket(family, socket.SOCK_DGRAM)
            target: str | tuple[str, int] = address
        else:
            address_info = socket.getaddrinfo(config.address, config.port, type=socket.SOCK_DGRAM)[
                0
            ]
            connection = socket.socket(address_info[0], socket.SOCK_DGRAM)
            target = (config.address, config.port)
        connection.settimeout(config.timeout_s)
        try:
            connection.connect(target)
        except OSError:
            connection.close()
            raise
        return connection

    def _send(self, connection: socket.socket, message: bytes) -> None:
        if self._config.transport == "tcp":
            # RFC 6587 section 3.4.1, octet counting: the content can't end a message early.
            connection.sendall(b"%d %b" % (len(message), message))
        else:
            connection.send(message[:MAX_DATAGRAM])

    def _message(self, entry: Entry) -> bytes:
        severity = next(
            (number for level, number in _SEVERITIES if entry.level >= level),
            SysLogHandler.LOG_DEBUG,
        )
        timestamp = json.loads(entry.line).get("timestamp", _NIL)
        header = (
            f"<{self._facility * 8 + severity}>1 {timestamp} {self._host} "
            f"{self._config.app_name} {os.getpid()} {_NIL} {_NIL}"
        )
        return f"{header} {entry.line}".encode("ascii", "replace")


def _header_field(text: str, limit: int) -> str:
    """Return the printable ASCII characters, or the nil value (RFC 5424 section 6)."""
    return "".join(c for c in text if "!" <= c <= "~")[:limit] or _NIL
