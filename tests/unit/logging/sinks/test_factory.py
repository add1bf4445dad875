from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from logging_lib.config import (
    FileConfig,
    HttpConfig,
    MemoryConfig,
    SinkConfig,
    StreamConfig,
    SyslogConfig,
)
from logging_lib.sinks.factory import build_sink
from logging_lib.sinks.file import FileSink
from logging_lib.sinks.http import HttpSink
from logging_lib.sinks.memory import MemorySink
from logging_lib.sinks.stream import StreamSink
from logging_lib.sinks.syslog import SyslogSink


@pytest.mark.architecture
@pytest.mark.parametrize(
    ("config", "kind"),
    [
        (StreamConfig(), StreamSink),
        (StreamConfig(format="console"), StreamSink),
        (MemoryConfig(), MemorySink),
        (HttpConfig(url="https://logs.example/in", batch_size=9), HttpSink),
        (SyslogConfig(), SyslogSink),
    ],
)
def test_each_configuration_builds_its_sink(config: SinkConfig, kind: type) -> None:
    assert type(build_sink(config, {})) is kind


@pytest.mark.architecture
def test_a_file_sink_opens_the_configured_path(tmp_path: Path) -> None:
    sink = build_sink(FileConfig(path=str(tmp_path / "x.log")), {})
    assert type(sink) is FileSink
    assert (tmp_path / "x.log").exists()
    sink.close()


@pytest.mark.architecture
def test_optional_sinks_are_not_imported_unless_configured() -> None:
    check = (
        "import sys, logging_lib; logging_lib.configure({}, environ={});"
        "assert not {'logging_lib.sinks.http', 'logging_lib.sinks.syslog'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", check], cwd=Path(__file__).parents[4], check=True)


@pytest.mark.reliability
def test_an_unknown_facility_is_rejected() -> None:
    with pytest.raises(ValueError, match="unknown syslog facility 'moon'"):
        build_sink(SyslogConfig(facility="moon"), {})


@pytest.mark.security
@pytest.mark.parametrize(
    "url", ["http://logs.example/in", "http://10.0.0.1/", "http://localhost.evil.example/"]
)
def test_a_token_is_not_sent_in_clear_text(url: str) -> None:
    with pytest.raises(ValueError, match="only sent over https") as caught:
        build_sink(HttpConfig(url=url, token_env="LOGS_TOKEN"), {"LOGS_TOKEN": "hunter2"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.security
@pytest.mark.parametrize(
    "url",
    ["https://logs.example/in", "http://127.0.0.1:9/", "http://[::1]:9/", "http://localhost/"],
)
def test_a_token_is_sent_over_https_or_to_loopback(url: str) -> None:
    config = HttpConfig(url=url, token_env="LOGS_TOKEN")
    assert type(build_sink(config, {"LOGS_TOKEN": "hunter2"})) is HttpSink


@pytest.mark.security
@pytest.mark.parametrize("token", ["", "two\r\nX-Header: lines", "sch\u00f6n"])
def test_a_missing_or_malformed_token_is_rejected(token: str) -> None:
    with pytest.raises(ValueError, match="LOGS_TOKEN") as caught:
        build_sink(HttpConfig(url="https://x/", token_env="LOGS_TOKEN"), {"LOGS_TOKEN": token})
    assert "X-Header" not in str(caught.value)


@pytest.mark.security
@pytest.mark.parametrize("url", ["https:///path", "https://user:pw@logs.example/"])
def test_a_url_without_a_host_or_with_a_password_is_rejected(url: str) -> None:
    with pytest.raises(ValueError, match="must have a host"):
        build_sink(HttpConfig(url=url), {})
