"""Standard output or standard error, without waiting for ever for a reader that has stopped."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from typing import Literal, TextIO

from logging_lib.descriptors import write_some
from logging_lib.sinks.base import Entry

Render = Callable[[str], str]


class StreamSink:
    """Writes lines to `sys.stdout` or `sys.stderr`, whatever these are at that moment.

    A stream with a file descriptor is written to directly, in pieces that a pipe takes whole once
    it says that it has room, so that a stalled reader costs `timeout_s` seconds and no more.
    """

    batch_size = 1

    def __init__(
        self, stream: Literal["stdout", "stderr"], *, render: Render, timeout_s: float
    ) -> None:
        """Choose the stream; `render` turns a JSON line into what is shown."""
        self._name = stream
        self._render = render
        self._timeout_s = timeout_s
        self._line_is_open = False

    def write(self, entries: Sequence[Entry]) -> None:
        """Write a line for each entry.

        Raises:
            StalledError: the stream had no room for `timeout_s` seconds.
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
        if self._line_is_open:  # the last line was cut; what follows must not continue it
            data = b"\n" + data
        while data:
            written = write_some(descriptor, data, self._timeout_s)
            self._line_is_open = not data[:written].endswith(b"\n")
            data = data[written:]
