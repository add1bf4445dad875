from __future__ import annotations

import pytest
from flask import Flask

from apps.auth_service.replay import ReplayCache, Verdict
from apps.auth_service.server import Server
from tests.unit.auth.support import Clock


@pytest.fixture
def server(app: Flask) -> Server:
    return Server(app, host="127.0.0.1", port=8001, threads=4)


@pytest.mark.architecture
def test_it_serves_the_app_it_was_given(server: Server, app: Flask) -> None:
    assert server.wsgi() is app
    assert server.cfg.address == [("127.0.0.1", 8001)]
    assert server.cfg.threads == 4


@pytest.mark.architecture
def test_an_ipv6_address_is_bound_as_one(app: Flask) -> None:
    assert Server(app, host="::1", port=80, threads=1).cfg.address == [("::1", 80)]


@pytest.mark.security
def test_one_process_holds_the_replay_cache(server: Server) -> None:
    assert server.cfg.workers == 1


@pytest.mark.security
def test_only_the_configured_proxies_are_believed(server: Server) -> None:
    assert server.cfg.secure_scheme_headers == {}


@pytest.mark.reliability
def test_a_hangup_keeps_the_app_that_is_loaded(server: Server, app: Flask) -> None:
    server.reload()

    assert server.cfg.preload_app
    assert server.wsgi() is app


@pytest.mark.security
def test_a_new_worker_takes_nothing_from_before_for_fresh(
    server: Server, replay: ReplayCache, clock: Clock
) -> None:
    replay.remember("robot", "j", clock() + 60)
    clock.advance(5)

    server.cfg.post_fork(None, None)

    assert len(replay) == 0
    assert replay.since == clock.now
    assert replay.remember("robot", "k", clock() + 60) is Verdict.FRESH
