from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from apps.api.jwks import (
    BACKOFF_MAX_SECONDS,
    MAX_JWKS_BYTES,
    JwksClient,
    KeyCache,
    KeyFetchError,
    KeysUnavailableError,
    parse_jwks,
)
from apps.api.metrics import Metrics
from tests.unit.api import issuer
from tests.unit.api.doubles import FakeClock
from tests.unit.api.issuer import SETTINGS, KeyServer

DOWN = httpx.ConnectError("refused")


@pytest.fixture
def server(ec_key: ECKey) -> KeyServer:
    return KeyServer(ec_key)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def cache(server: KeyServer, clock: FakeClock, metrics: Metrics) -> KeyCache:
    client = JwksClient(SETTINGS.jwks_url, timeout=3, transport=server.transport, clock=clock)
    return KeyCache(client.fetch, SETTINGS, metrics=metrics, clock=clock)


def fetch(transport: httpx.BaseTransport, clock: FakeClock | None = None) -> bytes:
    return JwksClient(
        SETTINGS.jwks_url, timeout=3, transport=transport, clock=clock or FakeClock()
    ).fetch()


def document(*keys: object) -> bytes:
    return json.dumps({"keys": keys}).encode()


class TestFetching:
    @pytest.mark.architecture
    def test_the_document_is_fetched_from_the_configured_url(self) -> None:
        requests: list[httpx.Request] = []

        def handler(request: httpx.Request) -> httpx.Response:
            requests.append(request)
            return httpx.Response(200, content=b"{}")

        assert fetch(httpx.MockTransport(handler)) == b"{}"
        assert [str(request.url) for request in requests] == [SETTINGS.jwks_url]
        assert "application/jwk-set+json" in requests[0].headers["Accept"]

    @pytest.mark.reliability
    @pytest.mark.parametrize("error", [DOWN, httpx.ReadTimeout("slow"), httpx.ReadError("cut")])
    def test_a_network_error_is_a_fetch_error_with_its_type(self, error: Exception) -> None:
        server = KeyServer()
        server.broken = error

        with pytest.raises(KeyFetchError, match=type(error).__name__):
            fetch(server.transport)

    @pytest.mark.reliability
    @pytest.mark.parametrize("status", [204, 404, 500, 503])
    def test_any_status_other_than_200_is_an_error(self, status: int) -> None:
        server = KeyServer()
        server.broken = httpx.Response(status)

        with pytest.raises(KeyFetchError, match=f"responded with {status}"):
            fetch(server.transport)

    @pytest.mark.security
    def test_a_redirect_is_not_followed(self) -> None:
        server = KeyServer()
        server.broken = httpx.Response(302, headers={"Location": "https://evil.test/keys"})

        with pytest.raises(KeyFetchError, match="responded with 302"):
            fetch(server.transport)
        assert server.fetches == 1

    @pytest.mark.security
    def test_an_endless_document_is_aborted(self) -> None:
        read = 0

        def endless() -> Iterator[bytes]:
            nonlocal read
            while True:
                read += 1
                yield b" " * 65_536

        server = KeyServer()
        server.broken = httpx.Response(200, content=endless())

        with pytest.raises(KeyFetchError, match=f"larger than {MAX_JWKS_BYTES}"):
            fetch(server.transport)
        assert read == MAX_JWKS_BYTES // 65_536 + 1

    @pytest.mark.security
    def test_a_slow_document_is_aborted_after_the_timeout(self, clock: FakeClock) -> None:
        def drip() -> Iterator[bytes]:
            while True:
                clock.now += 1
                yield b" "

        server = KeyServer()
        server.broken = httpx.Response(200, content=drip())

        with pytest.raises(KeyFetchError, match="longer than 3 s"):
            fetch(server.transport, clock)


class TestReading:
    @pytest.mark.architecture
    def test_keys_are_found_by_id_and_algorithm(self, ec_key: ECKey, okp_key: OKPKey) -> None:
        ring = parse_jwks(document(ec_key.as_dict(private=False), okp_key.as_dict(private=False)))

        assert set(ring) == {("ec-1", "ES256"), ("okp-1", "EdDSA")}

    @pytest.mark.security
    def test_unusable_keys_are_skipped(self, ec_key: ECKey) -> None:
        good = ec_key.as_dict(private=False)
        ring = parse_jwks(
            document(
                "text",
                None,
                {},
                {"kty": "EC", "kid": "no-point"},
                {"kty": "martian", "kid": "x"},
                {**good, "kid": 7},
                {name: value for name, value in good.items() if name != "kid"},
                {**good, "kid": "for-encryption", "use": "enc"},
                {**good, "kid": "other-alg", "alg": "ES384"},
                {**good, "kid": "off-curve", "x": "AAAA"},
                issuer.ec_key("p384", "P-384").as_dict(private=False),
                issuer.okp_key("ed448", "Ed448").as_dict(private=False),
                RSAKey.generate_key(2048, {"kid": "rsa"}, auto_kid=False).as_dict(private=False),
                OctKey.generate_key(256, {"kid": "shared"}, auto_kid=False).as_dict(),
                issuer.ec_key("leaked").as_dict(private=True),
                {**good, "use": "sig", "alg": "ES256"},
            )
        )

        assert set(ring) == {("ec-1", "ES256")}

    @pytest.mark.security
    def test_the_first_of_two_keys_with_the_same_id_is_used(self, ec_key: ECKey) -> None:
        ring = parse_jwks(
            document(ec_key.as_dict(private=False), issuer.ec_key("ec-1").as_dict(private=False))
        )

        assert ring["ec-1", "ES256"].as_dict(private=False)["x"] == ec_key.as_dict()["x"]

    @pytest.mark.reliability
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (b"", "not a JSON object"),
            (b"<html>", "not a JSON object"),
            (b"[]", "not a JSON object"),
            (b'{"keys": 1}', "no list `keys`"),
            (b"{}", "no list `keys`"),
            (b'{"keys": []}', "no key for ES256 or EdDSA"),
            (b"[" * 50_000, "not a JSON object"),
            (b'{"keys":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "not a JSON object"),
        ],
        ids=["empty", "html", "list", "keys-1", "no-keys", "none", "truncated", "deep"],
    )
    def test_an_invalid_key_set_is_rejected(self, text: bytes, message: str) -> None:
        with pytest.raises(KeyFetchError, match=message):
            parse_jwks(text)


class TestCaching:
    @pytest.mark.architecture
    def test_nothing_is_fetched_before_a_key_is_needed(
        self, cache: KeyCache, server: KeyServer
    ) -> None:
        assert server.fetches == 0
        assert cache.find("ec-1", "ES256") is not None
        assert server.fetches == 1

    @pytest.mark.architecture
    def test_fresh_keys_are_not_fetched_again(
        self, cache: KeyCache, server: KeyServer, clock: FakeClock
    ) -> None:
        cache.find("ec-1", "ES256")
        clock.now += SETTINGS.keys_ttl - 1
        cache.find("ec-1", "ES256")

        assert server.fetches == 1

    @pytest.mark.reliability
    def test_expired_keys_are_fetched_again(
        self, cache: KeyCache, server: KeyServer, clock: FakeClock
    ) -> None:
        cache.find("ec-1", "ES256")
        server.keys = [issuer.ec_key("ec-2").as_dict(private=False)]
        clock.now += SETTINGS.keys_ttl

        assert cache.find("ec-1", "ES256") is None  # retired by the issuer
        assert cache.find("ec-2", "ES256") is not None

    @pytest.mark.reliability
    def test_a_new_key_is_found_on_first_use(
        self, cache: KeyCache, server: KeyServer, clock: FakeClock
    ) -> None:
        cache.find("ec-1", "ES256")
        server.keys.append(issuer.ec_key("ec-2").as_dict(private=False))
        clock.now += SETTINGS.keys_cooldown

        assert cache.find("ec-2", "ES256") is not None
        assert server.fetches == 2

    @pytest.mark.security
    def test_a_flood_of_unknown_ids_causes_one_fetch_per_cooldown(
        self, cache: KeyCache, server: KeyServer, clock: FakeClock
    ) -> None:
        cache.find("ec-1", "ES256")
        for second in range(int(3 * SETTINGS.keys_cooldown)):
            for attempt in range(3):
                assert cache.find(f"unknown-{second}-{attempt}", "ES256") is None
            clock.now += 1

        assert server.fetches == 3  # the first one, then at 30 s and at 60 s

    @pytest.mark.security
    def test_fetches_are_limited_while_the_issuer_is_down(
        self, cache: KeyCache, server: KeyServer, clock: FakeClock
    ) -> None:
        cache.find("ec-1", "ES256")
        server.broken = DOWN
        clock.now += SETTINGS.keys_cooldown
        for _second in range(int(SETTINGS.keys_cooldown)):
            assert cache.find("unknown", "ES256") is None
            clock.now += 1

        assert server.fetches == 2
        assert cache.find("ec-1", "ES256") is not None

    @pytest.mark.security
    def test_a_key_is_not_used_for_another_algorithm(self, cache: KeyCache) -> None:
        assert cache.find("ec-1", "EdDSA") is None

    @pytest.mark.reliability
    def test_old_keys_are_used_for_a_limited_time_while_the_issuer_is_down(
        self, cache: KeyCache, server: KeyServer, clock: FakeClock
    ) -> None:
        cache.find("ec-1", "ES256")
        server.broken = DOWN

        clock.now += SETTINGS.keys_ttl + SETTINGS.keys_max_stale - 1
        assert cache.find("ec-1", "ES256") is not None

        clock.now += 1
        with pytest.raises(KeysUnavailableError):
            cache.find("ec-1", "ES256")
        assert not cache.ready()

    @pytest.mark.reliability
    def test_failed_fetches_are_retried_with_exponential_back_off(
        self, cache: KeyCache, server: KeyServer, clock: FakeClock
    ) -> None:
        server.broken = DOWN
        attempts: list[float] = []
        begin = clock.now
        while clock.now < begin + 200:
            before = server.fetches
            assert not cache.ready()
            if server.fetches > before:
                attempts.append(clock.now - begin)
            clock.now += 1

        assert attempts == [0, 1, 3, 7, 15, 31, 63, 123, 183]
        assert attempts[-1] - attempts[-2] == BACKOFF_MAX_SECONDS

    @pytest.mark.reliability
    def test_the_error_has_the_time_until_the_next_attempt(
        self, cache: KeyCache, server: KeyServer
    ) -> None:
        server.broken = DOWN
        for _ in range(2):
            with pytest.raises(KeysUnavailableError) as caught:
                cache.find("ec-1", "ES256")

        assert caught.value.retry_after == 1
        assert server.fetches == 1

    @pytest.mark.reliability
    def test_a_success_resets_the_back_off(
        self, cache: KeyCache, server: KeyServer, clock: FakeClock
    ) -> None:
        server.broken = DOWN
        for _ in range(5):
            cache.ready()
            clock.now += 60
        server.broken = None

        assert cache.ready()
        server.broken = DOWN
        clock.now += SETTINGS.keys_ttl + SETTINGS.keys_max_stale
        with pytest.raises(KeysUnavailableError) as caught:
            cache.find("ec-1", "ES256")
        assert caught.value.retry_after == 1  # the first pause, not the sixth

    @pytest.mark.security
    def test_an_empty_key_set_does_not_replace_valid_keys(
        self, cache: KeyCache, server: KeyServer, clock: FakeClock
    ) -> None:
        cache.find("ec-1", "ES256")
        server.keys = []
        clock.now += SETTINGS.keys_ttl

        assert cache.find("ec-1", "ES256") is not None

    @pytest.mark.reliability
    def test_concurrent_threads_share_the_first_fetch(
        self, ec_key: ECKey, metrics: Metrics
    ) -> None:
        entered, release = threading.Event(), threading.Event()
        fetches = 0

        def slow() -> bytes:
            nonlocal fetches
            fetches += 1
            entered.set()
            assert release.wait(60)
            return document(ec_key.as_dict(private=False))

        cache = KeyCache(slow, SETTINGS, metrics=metrics)
        with ThreadPoolExecutor(4) as pool:
            lookups = [pool.submit(cache.find, "ec-1", "ES256") for _ in range(4)]
            assert entered.wait(60)
            release.set()
            assert all(future.result() is not None for future in lookups)

        assert fetches == 1

    @pytest.mark.reliability
    def test_other_threads_use_cached_keys_during_a_refresh(
        self, ec_key: ECKey, clock: FakeClock, metrics: Metrics
    ) -> None:
        entered, release = threading.Event(), threading.Event()
        release.set()

        def slow() -> bytes:
            entered.set()
            assert release.wait(60)
            return document(ec_key.as_dict(private=False))

        cache = KeyCache(slow, SETTINGS, metrics=metrics, clock=clock)
        cache.find("ec-1", "ES256")
        entered.clear()
        release.clear()
        clock.now += SETTINGS.keys_ttl
        with ThreadPoolExecutor(1) as pool:
            refresher = pool.submit(cache.find, "ec-1", "ES256")
            assert entered.wait(60)
            assert (
                cache.find("ec-1", "ES256") is not None
            )  # returns although the fetch is still running
            assert not refresher.done()
            release.set()
            assert refresher.result() is not None

    @pytest.mark.architecture
    def test_fetches_are_counted_by_outcome(
        self, cache: KeyCache, server: KeyServer, clock: FakeClock, metrics: Metrics
    ) -> None:
        cache.ready()
        server.broken = DOWN
        clock.now += SETTINGS.keys_ttl
        cache.ready()

        text = metrics.exposition().decode()
        assert 'hub_api_key_fetches_total{outcome="fetched"} 1.0' in text
        assert 'hub_api_key_fetches_total{outcome="failed"} 1.0' in text
