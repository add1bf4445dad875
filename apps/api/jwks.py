"""The issuer's verification keys: fetched over HTTP, cached, with limited refreshes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, import_key

from apps.api.metrics import Metrics
from apps.api.settings import AuthSettings
from logging_lib import get_logger

Algorithm = Literal["ES256", "EdDSA"]
KeyRing = Mapping[tuple[str, Algorithm], Key]

MAX_JWKS_BYTES: Final = 256 * 1024
BACKOFF_FIRST_SECONDS: Final = 1.0
BACKOFF_MAX_SECONDS: Final = 60.0
_PRIVATE_MEMBERS = frozenset({"d", "k", "p", "q", "dp", "dq", "qi", "oth"})
_log = get_logger(__name__)


class KeyFetchError(Exception):
    """The issuer did not return a usable key set."""


class KeysUnavailableError(Exception):
    """There are no usable keys and they cannot be fetched at the moment."""

    def __init__(self, retry_after: float) -> None:
        """Store the number of seconds until the next attempt."""
        super().__init__("the issuer's keys are unavailable")
        self.retry_after = retry_after


class JwksClient:
    """Fetches the JWK Set (RFC 7517 §5) of an issuer over HTTP."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare the client; nothing is fetched yet.

        Args:
            url: URL of the key set.
            timeout: Seconds allowed for connecting, for each read and for the complete fetch.
            transport: Replaces the network, for tests.
            clock: Monotonic seconds.
        """
        self._url = url
        self._timeout = timeout
        self._clock = clock
        # no redirects and no proxy settings from the environment: only the configured URL counts
        self._http = httpx.Client(
            timeout=timeout, follow_redirects=False, trust_env=False, transport=transport
        )

    def fetch(self) -> bytes:
        """Fetch the key set document.

        Raises:
            KeyFetchError: It cannot be fetched, takes too long or is too large.
        """
        deadline = self._clock() + self._timeout
        body = b""
        try:
            with self._http.stream(
                "GET", self._url, headers={"Accept": "application/jwk-set+json, application/json"}
            ) as response:
                if response.status_code != httpx.codes.OK:
                    raise KeyFetchError(f"the issuer responded with {response.status_code}")
                for part in response.iter_bytes():
                    body += part
                    if len(body) > MAX_JWKS_BYTES:
                        raise KeyFetchError(f"the key set is larger than {MAX_JWKS_BYTES} bytes")
                    if self._clock() > deadline:
                        raise KeyFetchError(f"the key set took longer than {self._timeout} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise KeyFetchError(f"the issuer cannot be reached ({type(error).__name__})") from error
        return body


def parse_jwks(document: bytes) -> KeyRing:
    """Parse the keys for ES256 and EdDSA signatures; other keys are skipped.

    Raises:
        KeyFetchError: The document is not a key set, or none of its keys is usable.
    """
    try:
        entries = msgspec.json.decode(document, type=dict[str, Any]).get("keys")
    except (msgspec.MsgspecError, RecursionError) as error:
        raise KeyFetchError("the key set is not a JSON object") from error
    if not isinstance(entries, list):
        raise KeyFetchError("the key set has no list `keys`")
    ring: dict[tuple[str, Algorithm], Key] = {}
    for entry in entries:
        usable = _read_key(entry)
        if usable is None:
            _log.warning("key_passed_over")
        else:
            # the first key wins if a kid is repeated (RFC 7517 §4.5 asks for distinct ids)
            ring.setdefault(usable[0], usable[1])
    if not ring:
        raise KeyFetchError("the key set has no key for ES256 or EdDSA")
    return ring


def _read_key(entry: object) -> tuple[tuple[str, Algorithm], Key] | None:
    if not isinstance(entry, dict) or _PRIVATE_MEMBERS & entry.keys():
        return None
    kid = entry.get("kid")
    if not isinstance(kid, str) or entry.get("use", "sig") != "sig":
        return None
    try:
        key = import_key(entry)
        algorithm = _algorithm_of(key)
    except (JoseError, TypeError, ValueError, KeyError):
        return None
    if algorithm is None or entry.get("alg", algorithm) not in {algorithm, "Ed25519"}:
        return None
    return (kid, algorithm), key


def _algorithm_of(key: Key) -> Algorithm | None:
    """Return ES256 for P-256 (RFC 7518 §3.4), EdDSA for Ed25519 (RFC 8037 §3.1), else None."""
    if isinstance(key, ECKey) and key.curve_name == "P-256":
        return "ES256"
    if isinstance(key, OKPKey) and isinstance(key.public_key, Ed25519PublicKey):
        return "EdDSA"
    return None


@dataclass(frozen=True)
class _Fetched:
    keys: KeyRing
    at: float


class KeyCache:
    """Caches the keys and limits how often they are fetched.

    The next fetch has to wait for a cool-down after a success, and for an exponential back-off
    after failures. This prevents floods of requests when tokens have invented key ids or the issuer
    is down. Only one thread fetches; meanwhile others use the cached keys, or wait if there are
    none.
    """

    def __init__(
        self,
        fetch: Callable[[], bytes],
        settings: AuthSettings,
        *,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start empty; the first use fetches the keys.

        Args:
            fetch: Returns the key set document, or raises `KeyFetchError`.
            settings: Time to live, maximum staleness and cool-down.
            metrics: Counts the fetches.
            clock: Monotonic seconds.
        """
        self._fetch = fetch
        self._settings = settings
        self._metrics = metrics
        self._clock = clock
        self._lock = threading.Lock()
        self._fetched: _Fetched | None = None
        self._failures = 0
        self._next_attempt = clock()

    def find(self, kid: str, algorithm: Algorithm) -> Key | None:
        """Return the key, or None if the issuer has no such key for that algorithm.

        Raises:
            KeysUnavailableError: There are no keys, or they are too old, and fetching fails.
        """
        key = self._current().get((kid, algorithm))
        if key is None and self._clock() >= self._next_attempt:
            self._refresh(wait=True)
            key = self._current().get((kid, algorithm))
        return key

    def ready(self) -> bool:
        """Return whether tokens can be verified at the moment."""
        try:
            self._current()
        except KeysUnavailableError:
            return False
        return True

    def _current(self) -> KeyRing:
        fetched = self._fetched
        if fetched is not None and self._age(fetched) < self._settings.keys_ttl:
            return fetched.keys
        self._refresh(wait=not self._usable(fetched))
        fetched = self._fetched
        if fetched is None or not self._usable(fetched):
            raise KeysUnavailableError(max(1.0, self._next_attempt - self._clock()))
        return fetched.keys

    def _age(self, fetched: _Fetched) -> float:
        return self._clock() - fetched.at

    def _usable(self, fetched: _Fetched | None) -> bool:
        max_age = self._settings.keys_ttl + self._settings.keys_max_stale
        return fetched is not None and self._age(fetched) < max_age

    def _refresh(self, *, wait: bool) -> None:
        if not self._lock.acquire(blocking=wait):
            return
        try:
            # the previous holder of the lock may have just tried
            if self._clock() >= self._next_attempt:
                self._attempt()
        finally:
            self._lock.release()

    def _attempt(self) -> None:
        try:
            keys = parse_jwks(self._fetch())
        except KeyFetchError as error:
            pause = min(BACKOFF_MAX_SECONDS, BACKOFF_FIRST_SECONDS * 2.0 ** min(self._failures, 16))
            if self._usable(self._fetched):
                pause = max(pause, self._settings.keys_cooldown)
            self._failures += 1
            self._next_attempt = self._clock() + pause
            self._metrics.key_fetches.labels("failed").inc()
            _log.warning("key_fetch_failed", reason=str(error), retry_in_s=pause)
        else:
            now = self._clock()
            self._fetched = _Fetched(keys, now)
            self._failures = 0
            self._next_attempt = now + self._settings.keys_cooldown
            self._metrics.key_fetches.labels("fetched").inc()
            _log.info("keys_fetched", count=len(keys))
