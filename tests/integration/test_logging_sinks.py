"""The network sinks with real servers on the loopback interface."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

import logging_lib
from logging_lib import metrics
from logging_lib.config import HttpConfig, SyslogConfig
from logging_lib.sinks.base import Entry
from logging_lib.sinks.http import CollectorError, HttpSink
from logging_lib.sinks.memory import MemorySink
from logging_lib.sinks.syslog import MAX_DATAGRAM, SyslogSink
from tests.utils.serving import serving

PATIENCE_S = 60.0
LINE = '{"timestamp": "2026-11-21T12:00:00.000000Z", "level": "error", "event": "x"}'


@pytest.fixture(autouse=True)
def _no_leaked_logging() -> Iterator[None]:
    metrics.reset()
    yield
    logging_lib.shutdown()
    metrics.reset()


@dataclass
class Collector:
    """An HTTP server that records what is posted to it."""

    status: int = 204
    silent: threading.Event | None = None
    location: str = ""
    bodies: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if collector.silent is not None:
                collector.silent.wait(PATIENCE_S)
                return
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.bodies.append(body.decode())
            collector.headers.append(dict(self.headers.items()))
            collector.paths.append(self.path)
            self.send_response(collector.status)
            if collector.location:
                self.send_header("Location", collector.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Handler) as address:
        collector.url = f"http://{address}"
        yield collector
        if collector.silent is not None:
            collector.silent.set()


@pytest.mark.architecture
def test_records_are_posted_as_lines_of_json(collector: Collector) -> None:
    url = f"{collector.url}/in?source=hub"
    logging_lib.configure({"sinks": [{"type": "http", "url": url}]}, environ={})
    log = logging_lib.get_logger("test")
    for number in range(30):
        log.info("n", n=number)
    assert logging_lib.shutdown(PATIENCE_S)
    records = [json.loads(line) for body in collector.bodies for line in body.splitlines()]
    assert [record["n"] for record in records] == list(range(30))
    assert set(collector.paths) == {"/in?source=hub"}
    assert collector.headers[0]["Content-Type"] == "application/x-ndjson"
    assert "Authorization" not in collector.headers[0]
    assert metrics.snapshot().emitted == {"http": 30}


@pytest.mark.architecture
def test_a_batch_is_one_request(collector: Collector) -> None:
    sink = HttpSink(HttpConfig(url=collector.url), {})
    sink.write([Entry(20, "1"), Entry(20, "2")])
    sink.close()
    assert collector.bodies == ["1\n2\n"]


@pytest.mark.security
def test_the_token_comes_from_the_environment(collector: Collector) -> None:
    sink = HttpSink(HttpConfig(url=collector.url, token_env="T"), {"T": "abc"})
    sink.write([Entry(20, "1")])
    assert collector.headers[0]["Authorization"] == "Bearer abc"


@pytest.mark.security
def test_a_redirect_is_a_failure_and_is_not_followed(collector: Collector) -> None:
    collector.status, collector.location = 307, f"{collector.url}/elsewhere"
    sink = HttpSink(HttpConfig(url=collector.url, token_env="T"), {"T": "abc"})
    with pytest.raises(CollectorError, match="307"):
        sink.write([Entry(20, "1")])
    assert collector.paths == ["/"]


@pytest.mark.security
def test_https_does_not_fall_back_to_clear_text(collector: Collector) -> None:
    sink = HttpSink(HttpConfig(url=collector.url.replace("http:", "https:"), timeout_s=1), {})
    with pytest.raises(OSError, match=r"SSL|timed out|reset"):
        sink.write([Entry(20, "1")])
    assert collector.bodies == []


@pytest.mark.reliability
@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_a_response_other_than_success_is_a_failure(collector: Collector, status: int) -> None:
    collector.status = status
    with pytest.raises(CollectorError, match=str(status)):
        HttpSink(HttpConfig(url=collector.url), {}).write([Entry(20, "1")])


@pytest.mark.reliability
def test_a_silent_collector_is_a_failure_after_the_timeout(collector: Collector) -> None:
    collector.silent = threading.Event()
    sink = HttpSink(HttpConfig(url=collector.url, timeout_s=0.05), {})
    with pytest.raises(TimeoutError):
        sink.write([Entry(20, "1")])


@pytest.mark.reliability
def test_a_silent_collector_does_not_delay_other_sinks(collector: Collector) -> None:
    collector.silent = threading.Event()
    runtime = logging_lib.configure(
        {"sinks": [{"type": "http", "url": collector.url}, {"type": "memory"}]}, environ={}
    )
    for number in range(20):
        logging_lib.get_logger("test").info("n", n=number)
    assert runtime._dispatcher.flush(PATIENCE_S)
    memory = runtime.sinks["memory"]
    assert isinstance(memory, MemorySink)
    assert len(memory.records) == 20
    assert not runtime.flush(0.01)
    collector.silent.set()


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(PATIENCE_S)
        yield server


@pytest.fixture
def tcp() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        yield server


def frames(data: bytes) -> list[bytes]:
    """Split octet-counted messages (RFC 6587 section 3.4.1)."""
    messages = []
    while data:
        length, _, rest = data.partition(b" ")
        messages.append(rest[: int(length)])
        data = rest[int(length) :]
    return messages


@pytest.mark.architecture
def test_a_datagram_is_one_rfc_5424_message(udp: socket.socket) -> None:
    port = udp.getsockname()[1]
    sink = SyslogSink(SyslogConfig(port=port, facility="local0", app_name="hub"))
    sink.write([Entry(40, LINE)])
    sink.close()
    message = udp.recv(65536).decode()
    assert re.fullmatch(
        r"<131>1 2026-11-21T12:00:00\.000000Z \S+ hub \d+ - - " + re.escape(LINE), message
    )


@pytest.mark.architecture
@pytest.mark.parametrize(
    ("level", "priority"), [(10, 15), (20, 14), (30, 12), (40, 11), (50, 10), (25, 14)]
)
def test_levels_are_mapped_to_severities(udp: socket.socket, level: int, priority: int) -> None:
    sink = SyslogSink(SyslogConfig(port=udp.getsockname()[1]))
    sink.write([Entry(level, LINE)])
    sink.close()
    assert udp.recv(65536).startswith(f"<{priority}>1 ".encode())


@pytest.mark.architecture
def test_messages_can_be_sent_to_a_local_socket(tmp_path: Path) -> None:
    address = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(address)
        server.settimeout(PATIENCE_S)
        sink = SyslogSink(SyslogConfig(transport="unix", address=address))
        sink.write([Entry(20, LINE)])
        sink.close()
        assert server.recv(65536).endswith(LINE.encode())


@pytest.mark.security
def test_content_cannot_end_a_message_early_on_a_stream(tcp: socket.socket) -> None:
    hostile = '{"event": "x <13>1 - - - - - - forged 10 <13>1 -"}'
    sink = SyslogSink(SyslogConfig(transport="tcp", port=tcp.getsockname()[1]))
    sink.write([Entry(20, hostile), Entry(20, LINE)])
    connection, _ = tcp.accept()
    sink.close()
    with connection, connection.makefile("rb") as stream:
        messages = frames(stream.read())
    assert [message.split(b" - - ", 1)[1] for message in messages] == [
        hostile.encode(),
        LINE.encode(),
    ]


@pytest.mark.reliability
def test_a_long_record_is_cut_to_the_datagram_size(udp: socket.socket) -> None:
    sink = SyslogSink(SyslogConfig(port=udp.getsockname()[1]))
    sink.write([Entry(20, json.dumps({"event": "x" * 100_000}))])
    sink.close()
    assert len(udp.recv(65536)) == MAX_DATAGRAM


@pytest.mark.reliability
def test_after_a_lost_connection_the_next_record_opens_a_new_one(
    tcp: socket.socket,
) -> None:
    sink = SyslogSink(SyslogConfig(transport="tcp", port=tcp.getsockname()[1]))
    sink.write([Entry(20, LINE)])
    first, _ = tcp.accept()
    first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    first.close()  # with a TCP reset
    with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
        sink.write([Entry(20, LINE)])
    sink.write([Entry(20, LINE)])
    second, _ = tcp.accept()
    sink.close()
    with second, second.makefile("rb") as stream:
        assert len(frames(stream.read())) == 1


@pytest.mark.reliability
@pytest.mark.parametrize("transport", ["tcp", "unix"])
def test_an_unreachable_receiver_is_a_failure(tmp_path: Path, transport: str) -> None:
    with socket.socket() as unused_socket:
        unused_socket.bind(("127.0.0.1", 0))  # bound, so that nobody else listens there
        config = (
            SyslogConfig(transport="tcp", port=unused_socket.getsockname()[1])
            if transport == "tcp"
            else SyslogConfig(transport="unix", address=str(tmp_path / "none"))
        )
        sink = SyslogSink(config)
        with pytest.raises(OSError, match=r"refused|No such file"):
            sink.write([Entry(20, LINE)])
        sink.close()
