"""The handler on the root logger, which gets every record of the process."""

from __future__ import annotations

import logging

from logging_lib.channel import is_delivering
from logging_lib.dispatcher import Dispatcher
from logging_lib.metrics import DISPATCHER, Metrics
from logging_lib.pipeline import build_formatter, render, unusable
from logging_lib.sinks.base import Entry


class DispatchHandler(logging.Handler):
    """Renders records and passes them to the dispatcher."""

    def __init__(self, dispatcher: Dispatcher, metrics: Metrics) -> None:
        """Use the pipeline's formatter."""
        super().__init__()
        self.setFormatter(build_formatter())
        self._dispatcher = dispatcher
        self._metrics = metrics

    def createLock(self) -> None:  # noqa: N802 - the name is logging's
        """Use no lock: rendering has no state, and a blocked submit must not block others."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Submit the record. Never raises.

        A record that a sink logs is only counted as dropped: delivering it could cause an endless
        loop.
        """
        if is_delivering():
            self._metrics.dropped(DISPATCHER, "from-a-sink")
            return
        try:
            line = self.format(record)
        except Exception as error:  # noqa: BLE001 - such as arguments that don't match the message
            line = render(
                unusable(error, level=record.levelname.lower(), logger=record.name)
                | {"at": f"{record.filename}:{record.lineno}"}
            )
        self._dispatcher.submit(Entry(record.levelno, line))
