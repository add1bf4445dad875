"""Stream sink: writes to standard output or standard error, with a time limit."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from typing import Literal, TextIO

from logging_lib.descriptors import write_some
from logging_lib.sinks.base import Entry

Render = Callable[[str], str]


class StreamSink:
    """Writes lines to the current `sys.stdout` or `sys.stderr`.

    If the stream has a file descriptor, data is written to it in pieces that a writable pipe
    accepts completely, so that a stalled reader blocks for at most `timeout_s` seconds.
    """

    batch_size = 1

    def __init__(
        self, stream: Literal["stdout", "stderr"], *, render: Render, timeout_s: float
    ) -> None:
        """Choose the stream; `render` converts a JSON line to the output format."""
        self._name = stream
        self._render = render
        self._timeout_s = timeout_s
        self._line_is_incomplete = False

    def write(self, entries: Sequence[Entry]) -> None:
        """Write a line for each entry.

        Raises:
            StalledError: the stream accepted no data for `timeout_s` seconds.
            OSError: the stream is closed or broken.
        """
        for entry in entries:
            self._write_line(self._render(entry.line) + "\n")

    def close(self) -> None:
        """Leave the stream open: it belongs to the process."""

    def _write_line(self, text: str) -> None:
        stream: TextIO | None = getattr(sys, self._name)
        if stream is None:  # a daemon without standard streams
            raise OSError(f"sys.{self._name} is None")
        try:
            descriptor = stream.fileno()
        except (io.UnsupportedOperation, AttributeError):
            stream.write(text)
            stream.flush()
            return
        self._write_to_descriptor(descriptor, text.encode("utf-8", "backslashreplace"))

    def _write_to_descriptor(self, descriptor: int, data: bytes) -> None:
        if self._line_is_incomplete:  # the last line was cut, so start a new one
            data = b"\n" + data
        while data:
            written = write_some(descriptor, data, self._timeout_s)
            self._line_is_incomplete = not data[:written].endswith(b"\n")
            data = data[written:]
