from __future__ import annotations

import pytest

from apps.api.server import Server
from tests.utils.flask_client_factory import HeaderClient


@pytest.mark.architecture
@pytest.mark.parametrize(
    ("host", "bound"), [("127.0.0.1", "127.0.0.1:8101"), ("::1", "[::1]:8101")]
)
def test_the_server_binds_to_the_given_address(
    anonymous: HeaderClient, host: str, bound: str
) -> None:
    server = Server(anonymous.application, host=host, port=8101, threads=3)

    assert server.cfg.bind == [bound]
    assert server.cfg.threads == 3
    assert server.wsgi() is anonymous.application


@pytest.mark.security
def test_there_is_one_worker_process(anonymous: HeaderClient) -> None:
    server = Server(anonymous.application, host="127.0.0.1", port=0, threads=8)

    assert server.cfg.workers == 1
    assert server.cfg.control_socket_disable


@pytest.mark.reliability
def test_stopping_waits_a_limited_time_for_requests(anonymous: HeaderClient) -> None:
    server = Server(anonymous.application, host="127.0.0.1", port=0, threads=8)

    assert server.cfg.graceful_timeout == 5
    assert server.cfg.timeout == 30
