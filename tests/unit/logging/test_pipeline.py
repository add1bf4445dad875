from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logging_lib import get_logger
from logging_lib.pipeline import render
from tests.unit.logging.conftest import Harness
from tests.utils.logging import capture

log = get_logger("test.module")


@pytest.mark.architecture
def test_a_record_starts_with_timestamp_level_logger_and_event(harness: Harness) -> None:
    log.warning("token_refused", client_id="ci", attempt=2)
    (line,) = harness.sink.lines
    record = json.loads(line)
    assert list(record) == ["timestamp", "level", "logger", "event", "client_id", "attempt"]
    assert (record["level"], record["logger"]) == ("warning", "test.module")
    assert (record["event"], record["client_id"], record["attempt"]) == ("token_refused", "ci", 2)
    age = datetime.now(UTC) - datetime.fromisoformat(record["timestamp"])
    assert 0 <= age.total_seconds() < 60


@pytest.mark.architecture
def test_a_standard_library_record_has_the_same_format(harness: Harness) -> None:
    logging.getLogger("third.party").error("lost %d of %s", 3, "x", extra={"peer": "10.0.0.1"})
    (record,) = harness.sink.records
    assert list(record) == ["timestamp", "level", "logger", "event", "peer"]
    assert record["event"] == "lost 3 of x"
    assert (record["logger"], record["level"]) == ("third.party", "error")


@pytest.mark.architecture
def test_positional_arguments_are_merged_into_the_event(harness: Harness) -> None:
    log.info("took %d ms", 12)
    assert harness.sink.records[0]["event"] == "took 12 ms"


@pytest.mark.architecture
def test_values_bound_to_a_logger_are_in_its_records(harness: Harness) -> None:
    log.bind(repo="hub").info("a", suite="api")
    record = harness.sink.records[0]
    assert (record["repo"], record["suite"]) == ("hub", "api")


@pytest.mark.architecture
def test_a_logger_created_before_the_configuration_uses_it() -> None:
    logger = get_logger("early").bind(x=1)
    with capture(redact={"keys": ["plate"]}) as captured:
        logger.info("a", number_plate="B-XY 1")
    assert captured.records[0]["x"] == 1
    assert captured.records[0]["number_plate"] == "[redacted]"


@pytest.mark.reliability
def test_disabled_levels_are_not_rendered() -> None:
    class RaisesOnRepr:
        def __repr__(self) -> str:
            pytest.fail("rendered")

    with capture("info") as captured:
        log.debug("off", x=RaisesOnRepr())
    assert captured.lines == []


def fail(error: Exception) -> None:
    raise error


@pytest.mark.reliability
@pytest.mark.parametrize("source", ["structlog", "standard library"])
def test_exceptions_become_text(harness: Harness, source: str) -> None:
    try:
        fail(LookupError("no such key"))
    except LookupError:
        if source == "structlog":
            log.exception("failed")
        else:
            logging.getLogger("x").exception("failed")
    (record,) = harness.sink.records
    assert record["level"] == "error"
    assert record["exception"].startswith("Traceback (most recent call last):")
    assert record["exception"].endswith("LookupError: no such key")
    assert "exc_info" not in record


@pytest.mark.reliability
def test_a_stack_can_be_requested(harness: Harness) -> None:
    log.info("here", stack_info=True)
    assert "test_a_stack_can_be_requested" in harness.sink.records[0]["stack"]


@pytest.mark.reliability
def test_arguments_that_do_not_match_the_message_do_not_raise(harness: Harness) -> None:
    log.info("%d", "not a number")
    (record,) = harness.sink.records
    assert record["event"] == "log_record_unusable"
    assert (record["logger"], record["level"]) == ("test.module", "info")
    assert record["error"] == "TypeError"
    datetime.fromisoformat(record["timestamp"])


class BrokenMapping(dict[str, object]):
    def items(self) -> object:  # type: ignore[override]
        raise RuntimeError("secret-in-an-error")


@pytest.mark.reliability
@pytest.mark.parametrize("source", ["structlog", "standard library"])
def test_an_unreadable_value_does_not_raise(harness: Harness, source: str) -> None:
    if source == "structlog":
        log.info("x", value=BrokenMapping())
    else:
        logging.getLogger("test.module").info("x", extra={"value": BrokenMapping()})
    (record,) = harness.sink.records
    assert (record["event"], record["logger"]) == ("log_record_unusable", "test.module")
    assert "secret-in-an-error" not in harness.sink.lines[0]


@pytest.mark.security
def test_a_field_cannot_replace_the_level_or_the_logger(harness: Harness) -> None:
    log.info("a", level="critical", logger="root", timestamp="never")
    logging.getLogger("third").info("b", extra={"level": "critical", "event": "forged"})
    first, second = harness.sink.records
    assert (first["level"], first["logger"]) == ("info", "test.module")
    assert first["timestamp"] != "never"
    assert (second["level"], second["event"]) == ("info", "b")


@pytest.mark.security
def test_fields_used_by_the_formatter_do_not_cause_errors(harness: Harness) -> None:
    log.info("a", _record="x", _from_structlog=1)
    assert len(harness.sink.records) == 1


@pytest.mark.security
def test_secrets_in_exceptions_messages_and_extras_are_masked(harness: Harness) -> None:
    try:
        fail(ConnectionError("postgres://app:hunter2@db refused"))
    except ConnectionError:
        log.exception("password=hunter2", api_key="hunter2")
        logging.getLogger("x").exception("token=%s", "hunter2", extra={"cookie": "hunter2"})
    assert len(harness.sink.lines) == 2
    assert "hunter2" not in "".join(harness.sink.lines)


@pytest.mark.security
def test_other_handlers_get_redacted_structured_records(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("INFO"):
        log.info("login", password="hunter2")
    assert "login" in caplog.text
    assert "hunter2" not in caplog.text


@pytest.mark.security
@given(st.text())
def test_no_text_can_end_its_line_or_forge_a_record(text: str) -> None:
    line = render({"event": text, text: text})
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["event"] == text or text == "event"


@pytest.mark.security
def test_a_message_with_line_breaks_is_one_record(harness: Harness) -> None:
    forged = 'x\n{"level": "info", "event": "admin logged in"}\r\n\x1b[2J\u2028'
    log.info(forged, field=forged)
    logging.getLogger("third").info("%s", forged)
    assert len(harness.sink.lines) == 2
    for line, record in zip(harness.sink.lines, harness.sink.records, strict=True):
        assert line.isprintable()
        assert record["event"] == forged


@pytest.mark.security
def test_logged_objects_can_be_changed_afterwards(harness: Harness) -> None:
    state = {"step": "before"}
    log.info("a", state=state)
    state["step"] = "after"
    assert harness.sink.records[0]["state"] == {"step": "before"}
