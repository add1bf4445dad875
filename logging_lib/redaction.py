"""Remove secrets from log records, and limit their size.

Secrets are detected in two ways. By key: the value of a key that looks like a secret is masked, in
nested mappings and in `key=value`, `key: value` and `--key value` inside text. By pattern: bearer
and basic credentials, JWTs, PEM private keys and the user part of URLs are masked anywhere. If in
doubt, both mask: a key that merely contains `token` is a secret unless it is explicitly allowed.

Secrets in prose (`the password is hunter2`) and encoded secrets are not detected.

All regular expressions take linear time: repetitions are possessive and can't start inside another
match, or they are bounded. Texts, containers and events are cut at fixed limits.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from pathlib import PurePath
from typing import Any
from uuid import UUID

MASK = "[redacted]"
CUT = "[cut]"

MAX_TEXT = 16_384
"""Maximum characters of one text."""
MAX_EVENT = 65_536
"""Maximum characters of all texts of one event."""
MAX_NODES = 1_000
"""Maximum number of keys and values of one event."""
MAX_DEPTH = 8
"""Maximum nesting depth of containers."""
MAX_KEY = 256
"""Maximum length of a key; a longer one is not a normal field name and counts as secret."""
MAX_INT_BITS = 1_024
"""Maximum size of an integer; formatting a longer one would take quadratic time."""

# A cut can leave the start of a secret that is only recognised as a whole, such as a URL's password
# without the @ after it. This many characters before the cut are removed too.
_CUT_MARGIN = 1_024

_SECRET_PARTS = (
    "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "authorization",
    "cookie", "credential", "apikey", "privatekey", "accesskey", "signingkey", "encryptionkey",
    "sessionid", "clientassertion",
)  # fmt: skip
_SECRET_WHOLE = ("auth", "pass", "pin", "otp", "sid", "jwt", "assertion")
_ALLOWED = ("tokentype", "tokentypehint", "tokenendpoint", "tokenuse", "tokenendpointauthmethod")
_HEADERS = frozenset({"authorization", "proxyauthorization", "cookie", "setcookie"})

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]*+\.[\w-]++(?:\.[\w-]*+){0,3}")
_URL_USER = re.compile(
    r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{0,30}+://)"
    # Up to the last @ of the authority, or past the slash for passwords with unescaped slashes.
    r"(?:[^\s/?#\"'<>]{1,512}|[^\s/:@]{0,128}:(?!\d{1,5}/)[^\s\"'<>@]{1,384})@"
)
_SCHEME = re.compile(r"\b(bearer|basic|dpop)([ \t]{1,8})[\w.~+/=-]{8,}+", re.IGNORECASE)
_KEY = re.compile(r"(?<![\w.-])([\w.-]++)\\{0,4}[\"']?\]?[ \t]{0,8}(?:=>|:=|==?|::?)[ \t]{0,8}")
_FLAG = re.compile(r"(?<!\S)--?([\w-]++)[ \t]{1,8}(?!-)")
_QUOTED = r"""[bBrRuU]{0,2}\\*+(?:"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?)"""
_NESTED = r"[\[({][^\r\n]*+"  # to the end of the line: an expression can't match nested brackets
_VALUE = re.compile(rf"{_QUOTED}|{_NESTED}|[^\s&]++", re.DOTALL)
_HEADER_VALUE = re.compile(rf"{_QUOTED}|[^\r\n]++", re.DOTALL)

_WRITTEN_AS_TEXT = (date, time, Decimal, UUID, PurePath)


class Redactor:
    """Masks secrets by key and by pattern, and converts values to plain data of limited size."""

    def __init__(self, *, keys: Iterable[str] = (), allow: Iterable[str] = ()) -> None:
        """Add key parts to mask, and complete keys that are not secret.

        Both are compared without case and punctuation: `api-key` equals `APIKey`.
        """
        self._parts = (*_SECRET_PARTS, *filter(None, map(_normalise, keys)))
        self._allowed = frozenset((*_ALLOWED, *map(_normalise, allow)))
        self.is_secret_key = lru_cache(maxsize=1024)(self._is_secret_key)

    def _is_secret_key(self, key: str) -> bool:
        """Return whether the value of this key must be masked."""
        if len(key) > MAX_KEY:
            return True
        name = _normalise(key)
        if name in self._allowed or name.endswith(("error", "exception")):
            return False
        return name in _SECRET_WHOLE or any(part in name for part in self._parts)

    def text(self, text: str, limit: int = MAX_TEXT) -> str:
        """Return the text with secrets masked, cut at `limit` characters."""
        is_cut = len(text) > limit
        text = text[:limit]
        text = _PRIVATE_KEY.sub(MASK, text)
        text = _JWT.sub(MASK, text)
        text = _URL_USER.sub(rf"\1{MASK}@", text)
        text = _SCHEME.sub(rf"\1\2{MASK}", text)
        text = self._mask_values(_KEY, text)
        text = self._mask_values(_FLAG, text)
        return f"{text[:-_CUT_MARGIN]}{CUT}" if is_cut else text

    def _mask_values(self, keys: re.Pattern[str], text: str) -> str:
        pieces: list[str] = []
        copied = position = 0
        while key_match := keys.search(text, position):
            position = key_match.end()
            if not self.is_secret_key(key_match[1]):
                continue
            values = _HEADER_VALUE if _normalise(key_match[1]) in _HEADERS else _VALUE
            if value := values.match(text, position):
                pieces += text[copied:position], MASK
                copied = position = value.end()
        return "".join([*pieces, text[copied:]])

    def event(self, event: Mapping[str, object]) -> dict[str, object]:
        """Return the event as plain data for JSON, with secrets masked.

        Raises:
            Exception: whatever the event's mappings and sequences raise when they are read.
        """
        return _EventConverter(self).mapping(event, MAX_DEPTH)


class _EventConverter:
    """Converts one event, tracking what remains of its limits."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._nodes = MAX_NODES
        self._characters = MAX_EVENT

    def mapping(self, mapping: Mapping[Any, object], depth: int) -> dict[str, object]:
        plain: dict[str, object] = {}
        for key, value in mapping.items():
            if self._nodes <= 0:
                plain[CUT] = CUT
                break
            name = key if isinstance(key, str) else _to_text(key)
            secret = self._redactor.is_secret_key(name)
            plain[self._text(name, MAX_KEY)] = self._value(value, depth, secret=secret)
        return plain

    def _sequence(self, values: Iterable[object], depth: int) -> list[object]:
        plain: list[object] = []
        for value in values:
            if self._nodes <= 0:
                plain.append(CUT)
                break
            plain.append(self._value(value, depth))
        return plain

    def _value(self, value: object, depth: int, *, secret: bool = False) -> object:
        self._nodes -= 1
        if value is None or isinstance(value, bool):
            return value  # None and booleans reveal only whether there is a secret
        if secret:
            return MASK
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._container(value, depth)
        if isinstance(value, int) and value.bit_length() <= MAX_INT_BITS:
            return int(value)
        if isinstance(value, float) and math.isfinite(value):
            return float(value)
        return self._text(value if isinstance(value, str) else _to_text(value))

    def _container(self, value: Mapping[Any, object] | Collection[object], depth: int) -> object:
        if depth <= 1:
            return CUT
        if isinstance(value, Mapping):
            return self.mapping(value, depth - 1)
        match value:
            case [str(key), _] if self._redactor.is_secret_key(key):  # a header as a key-value pair
                return [self._text(key, MAX_KEY), MASK]
        return self._sequence(value, depth - 1)

    def _text(self, text: str, limit: int = MAX_TEXT) -> str:
        redacted = self._redactor.text(text, min(limit, self._characters))
        self._characters = max(0, self._characters - len(redacted))
        return redacted


def _normalise(key: str) -> str:
    """Return the key without case, width and punctuation."""
    folded = unicodedata.normalize("NFKC", key[: MAX_KEY + 1]).casefold()
    return "".join(filter(str.isalnum, folded))


def _to_text(value: object) -> str:
    """Convert any object to text; never raises."""
    try:
        if isinstance(value, int):
            bits = value.bit_length()
            return str(int(value)) if bits <= MAX_INT_BITS else f"[integer of {bits} bits]"
        if isinstance(value, _WRITTEN_AS_TEXT):
            return str(value)
        if isinstance(value, bytes | bytearray):
            return repr(bytes(value[: MAX_TEXT + 1]))
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a foreign __repr__ may raise anything
        return f"[{type(value).__name__} whose repr raises {type(error).__name__}]"
