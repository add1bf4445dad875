"""Keep secrets out of the logs, and whatever is logged small and plain.

Two rules find secrets. By key: a value whose key reads like a secret is masked, in nested mappings
and in `key=value`, `key: value` and `--key value` inside text. By pattern: bearer and basic
credentials, JWTs, PEM private keys and the user part of URLs are masked wherever they stand. In
doubt both mask too much rather than too little: a key that merely contains `token` is a secret
unless it is allowed by name.

What cannot be found: a secret in free prose (`the password is hunter2`), or one that was encoded.

Every expression is linear in its text: runs are possessive and start where no run can be under
way, the rest is bounded. Texts, containers and whole events are cut at fixed limits.
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
"""Characters kept of one text."""
MAX_EVENT = 65_536
"""Characters kept of all texts of one event."""
MAX_NODES = 1_000
"""Keys and values kept of one event."""
MAX_DEPTH = 8
"""How deep containers may nest."""
MAX_KEY = 256
"""A longer key is taken for a secret: nobody names a field so."""
MAX_INT_BITS = 1_024
"""A longer integer is only named: writing it out costs quadratic time."""

# A cut may leave the start of a secret that its expression does not recognise without the rest: a
# URL's password without the @ after it, of at most this many characters. They are left out too.
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
    # Up to the last @ of the authority; or, for passwords with unescaped slashes, past the slash.
    r"(?:[^\s/?#\"'<>]{1,512}|[^\s/:@]{0,128}:(?!\d{1,5}/)[^\s\"'<>@]{1,384})@"
)
_SCHEME = re.compile(r"\b(bearer|basic|dpop)([ \t]{1,8})[\w.~+/=-]{8,}+", re.IGNORECASE)
_KEY = re.compile(r"(?<![\w.-])([\w.-]++)\\{0,4}[\"']?\]?[ \t]{0,8}(?:=>|:=|==?|::?)[ \t]{0,8}")
_FLAG = re.compile(r"(?<!\S)--?([\w-]++)[ \t]{1,8}(?!-)")
_QUOTED = r"""[bBrRuU]{0,2}\\*+(?:"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?)"""
_NESTED = r"[\[({][^\r\n]*+"  # brackets can't be matched by an expression: to the end of the line
_VALUE = re.compile(rf"{_QUOTED}|{_NESTED}|[^\s&]++", re.DOTALL)
_HEADER_VALUE = re.compile(rf"{_QUOTED}|[^\r\n]++", re.DOTALL)

_WRITTEN_AS_TEXT = (date, time, Decimal, UUID, PurePath)


class Redactor:
    """Masks secrets, by key and by pattern, and turns values into plain, bounded data."""

    def __init__(self, *, keys: Iterable[str] = (), allow: Iterable[str] = ()) -> None:
        """Take further parts of keys to mask, and whole keys that are no secrets.

        Both are compared without case and punctuation: `api-key` is `APIKey`.
        """
        self._parts = (*_SECRET_PARTS, *filter(None, map(_squash, keys)))
        self._allowed = frozenset((*_ALLOWED, *map(_squash, allow)))
        self.is_secret_key = lru_cache(maxsize=1024)(self._is_secret_key)

    def _is_secret_key(self, key: str) -> bool:
        """Tell whether a value under this key must be masked."""
        if len(key) > MAX_KEY:
            return True
        name = _squash(key)
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
        done: list[str] = []
        copied = position = 0
        while found := keys.search(text, position):
            position = found.end()
            if not self.is_secret_key(found[1]):
                continue
            values = _HEADER_VALUE if _squash(found[1]) in _HEADERS else _VALUE
            if value := values.match(text, position):
                done += text[copied:position], MASK
                copied = position = value.end()
        return "".join([*done, text[copied:]])

    def event(self, event: Mapping[str, object]) -> dict[str, object]:
        """Return the event as plain data for JSON, with secrets masked.

        Raises:
            Exception: whatever the event's own mappings and sequences raise when they are read.
        """
        return _Walk(self).mapping(event, MAX_DEPTH)


class _Walk:
    """One pass over one event, with what is left of its limits."""

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
            name = key if isinstance(key, str) else _written(key)
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
            return value  # whether there is a password is no secret
        if secret:
            return MASK
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._container(value, depth)
        if isinstance(value, int) and value.bit_length() <= MAX_INT_BITS:
            return int(value)
        if isinstance(value, float) and math.isfinite(value):
            return float(value)
        return self._text(value if isinstance(value, str) else _written(value))

    def _container(self, value: Mapping[Any, object] | Collection[object], depth: int) -> object:
        if depth <= 1:
            return CUT
        if isinstance(value, Mapping):
            return self.mapping(value, depth - 1)
        match value:
            case [str(key), _] if self._redactor.is_secret_key(key):  # a header, as a pair
                return [self._text(key, MAX_KEY), MASK]
        return self._sequence(value, depth - 1)

    def _text(self, text: str, limit: int = MAX_TEXT) -> str:
        kept = self._redactor.text(text, min(limit, self._characters))
        self._characters = max(0, self._characters - len(kept))
        return kept


def _squash(key: str) -> str:
    """Return the key without case, width and punctuation."""
    folded = unicodedata.normalize("NFKC", key[: MAX_KEY + 1]).casefold()
    return "".join(filter(str.isalnum, folded))


def _written(value: object) -> str:
    """Write an object of any type; never raises."""
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
