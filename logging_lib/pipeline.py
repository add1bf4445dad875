"""The processing pipeline that turns each log record into one redacted line."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

import structlog
from structlog.stdlib import ExtraAdder, PositionalArgumentsFormatter, ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from logging_lib.redaction import Redactor

_FORMATTER_KEYS = ("_record", "_from_structlog")
# Set on records by other handlers' formatters; logging allows neither as `extra`.
_SET_BY_FORMATTERS = ("message", "asctime")
_FIRST_KEYS = ("timestamp", "level", "logger", "event")

_PROCESSORS: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
)

_EXTRA = ExtraAdder()

_redactor = Redactor()


def use_redactor(redactor: Redactor) -> None:
    """Use this redactor from now on, also in existing loggers."""
    global _redactor  # noqa: PLW0603 - logging is the process's; loggers outlive configurations
    _redactor = redactor


def prepare(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Complete a record, redact it and convert it to plain data. Never raises.

    This happens in the log call, so that logged objects can change afterwards and other handlers
    never see secrets.
    """
    formatter_fields: dict[str, object] = {
        key: event[key] for key in _FORMATTER_KEYS if key in event
    }
    try:
        for process in _PROCESSORS:
            event = cast("EventDict", process(logger, method, event))
        fields = {key: event[key] for key in event if key not in _FORMATTER_KEYS}
        ordered = {key: fields.pop(key) for key in _FIRST_KEYS if key in fields} | fields
        return {**_redactor.event(ordered), **formatter_fields}
    except Exception as error:  # noqa: BLE001 - a log call must not break the program that logs
        name = getattr(logger or formatter_fields.get("_record"), "name", None)
        return {**unusable(error, level=method, logger=name), **formatter_fields}


def unusable(error: Exception, *, level: str, logger: str | None) -> dict[str, object]:
    """Return the record to log instead of one that can't be processed.

    It contains only the type of the error, because the message was not redacted.
    """
    return {
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "level": level,
        "logger": logger,
        "event": "log_record_unusable",
        "error": type(error).__name__,
    }


def _add_extra(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Add the `extra` of standard logging calls, without replacing the message."""
    extra = {**_EXTRA(logger, method, dict(event)), **event}
    for key in _SET_BY_FORMATTERS:
        extra.pop(key, None)
    return extra


def render(event: Mapping[str, object]) -> str:
    """Return one line of ASCII JSON; control characters and line breaks are escaped."""
    return json.dumps(event, allow_nan=False)


def _render_event(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return render(event)


def build_formatter() -> ProcessorFormatter:
    """Return a formatter that turns any record, from structlog or not, into a line of JSON."""
    return ProcessorFormatter(
        foreign_pre_chain=[_add_extra, prepare],
        processors=[ProcessorFormatter.remove_processors_meta, _render_event],
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a structured logger: `get_logger(__name__).info("token_issued", client_id=…)`.

    It can be created before `configure`, for example at import, and uses any later configuration.
    """
    return cast(
        "structlog.stdlib.BoundLogger",
        structlog.wrap_logger(
            logging.getLogger(name),
            processors=[
                structlog.stdlib.filter_by_level,
                prepare,
                ProcessorFormatter.wrap_for_formatter,
            ],
            wrapper_class=structlog.stdlib.BoundLogger,
            context_class=dict,
            cache_logger_on_first_use=True,
        ),
    )
