from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from apps.auth_service.server import Server, SingleWorkerArbiter

Factory = Callable[[], Flask]


@pytest.fixture
def server(app_on_disk: Factory) -> Server:
    return Server(app_on_disk, host="127.0.0.1", port=8001, threads=4)


@pytest.mark.architecture
def test_it_serves_the_app_from_its_factory(server: Server) -> None:
    assert server.wsgi().test_client().get("/healthz").status_code == 200
    assert server.cfg.address == [("127.0.0.1", 8001)]
    assert server.cfg.threads == 4


@pytest.mark.architecture
def test_an_ipv6_address_is_bound_in_brackets(app_on_disk: Factory) -> None:
    server = Server(app_on_disk, host="::1", port=80, threads=1)

    assert server.cfg.address == [("::1", 80)]


@pytest.mark.security
def test_there_is_one_worker_which_builds_the_app_itself(server: Server) -> None:
    assert server.cfg.workers == 1
    assert not server.cfg.preload_app
    assert server.cfg.control_socket_disable


@pytest.mark.security
@pytest.mark.parametrize("signal", ["hup", "ttin", "ttou", "usr2"])
def test_no_signal_starts_a_second_process(
    server: Server, monkeypatch: pytest.MonkeyPatch, signal: str
) -> None:
    def fork() -> int:
        pytest.fail("a process was started")

    monkeypatch.setattr("os.fork", fork)
    master = SingleWorkerArbiter(server)

    getattr(master, f"handle_{signal}")()

    assert master.num_workers == 1


@pytest.mark.security
def test_only_configured_proxies_are_trusted(server: Server) -> None:
    assert server.cfg.secure_scheme_headers == {}


@pytest.mark.reliability
def test_nothing_is_read_before_the_worker_starts() -> None:
    def fail() -> Flask:
        raise RuntimeError("read")

    server = Server(fail, host="127.0.0.1", port=0, threads=1)

    with pytest.raises(RuntimeError, match="read"):
        server.wsgi()
