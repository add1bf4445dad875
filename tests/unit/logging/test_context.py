from __future__ import annotations

import asyncio
import logging
import threading

import pytest

import logging_lib
from tests.unit.logging.conftest import Harness

log = logging_lib.get_logger("test")


@pytest.mark.architecture
def test_context_values_are_in_every_record_of_the_block(harness: Harness) -> None:
    with logging_lib.context(request_id="r1", tenant="acme"):
        log.info("ours")
        logging.getLogger("third.party").info("theirs")
    log.info("after")
    first, second, third = harness.sink.records
    assert (first["request_id"], first["tenant"]) == ("r1", "acme")
    assert (second["request_id"], second["tenant"]) == ("r1", "acme")
    assert "request_id" not in third


@pytest.mark.architecture
def test_nested_blocks_restore_the_outer_value(harness: Harness) -> None:
    with logging_lib.context(request_id="outer"):
        with logging_lib.context(request_id="inner"):
            log.info("a")
        log.info("b")
    assert [r["request_id"] for r in harness.sink.records] == ["inner", "outer"]


@pytest.mark.architecture
def test_a_value_in_the_call_overrides_the_context(harness: Harness) -> None:
    with logging_lib.context(part="context"):
        log.info("a", part="call")
    assert harness.sink.records[0]["part"] == "call"


@pytest.mark.architecture
def test_bound_values_remain_until_cleared(harness: Harness) -> None:
    logging_lib.bind(job="nightly")
    log.info("a")
    logging_lib.clear()
    log.info("b")
    first, second = harness.sink.records
    assert first["job"] == "nightly"
    assert "job" not in second


@pytest.mark.reliability
def test_the_context_ends_when_the_block_raises(harness: Harness) -> None:
    with pytest.raises(LookupError), logging_lib.context(request_id="r1"):
        raise LookupError
    log.info("after")
    assert "request_id" not in harness.sink.records[0]


@pytest.mark.security
def test_threads_have_separate_contexts(harness: Harness) -> None:
    with logging_lib.context(tenant="acme"):
        worker = threading.Thread(target=log.info, args=("in a thread",))
        worker.start()
        worker.join()
    assert "tenant" not in harness.sink.records[0]


@pytest.mark.security
def test_concurrent_tasks_have_separate_contexts(harness: Harness) -> None:
    async def request(tenant: str) -> None:
        with logging_lib.context(tenant=tenant):
            await asyncio.sleep(0)
            log.info("served", expected=tenant)

    async def serve() -> None:
        await asyncio.gather(*(request(f"t{n}") for n in range(10)))

    asyncio.run(serve())
    tenants_of_records = [
        r for r in harness.sink.records if r["event"] == "served"
    ]  # asyncio logs too
    assert len(tenants_of_records) == 10
    assert all(r["tenant"] == r["expected"] for r in tenants_of_records)


@pytest.mark.security
def test_context_values_are_redacted(harness: Harness) -> None:
    with logging_lib.context(session_id="s3cr3t"):
        log.info("a")
    assert "s3cr3t" not in harness.sink.lines[0]
