from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logging_lib.redaction import (
    CUT,
    MASK,
    MAX_EVENT,
    MAX_KEY,
    MAX_NODES,
    MAX_TEXT,
    Redactor,
)

redactor = Redactor()

SECRET = "hunter2-CorrectHorse"
PEM = f"-----BEGIN EC PRIVATE KEY-----\n{SECRET}\nAAAA\n-----END EC PRIVATE KEY-----"
JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"ES256","typ":"at+jwt"}', b'{"sub":"ci"}', b"signature-bytes-123456")
)


@pytest.mark.security
@pytest.mark.parametrize(
    "key",
    [
        "password",
        "PASSWORD",
        "db_password",
        "userPasswordHash",
        "passwd",
        "client_secret",
        "clientSecret",
        "access_token",
        "refresh-token",
        "X-Api-Key",
        "apikey",
        "private.key",
        "Authorization",
        "Set-Cookie",
        "session_id",
        "aws_secret_access_key",
        "client_assertion",
        "auth",
        "otp",
        "\uff50assword",  # full-width p
        "k" * (MAX_KEY + 1),
    ],
)
def test_the_value_of_a_secret_key_is_masked(key: str) -> None:
    event = redactor.event({key: SECRET})
    assert SECRET not in json.dumps(event)
    assert MASK in event.values()


@pytest.mark.architecture
@pytest.mark.parametrize(
    "key",
    [
        "client_id",
        "kid",
        "jti",
        "author",
        "key",
        "token_type",
        "token_endpoint",
        "passed",
        "opinion",
    ],
)
def test_the_value_of_an_ordinary_key_is_unchanged(key: str) -> None:
    assert redactor.event({key: "value"}) == {key: "value"}


@pytest.mark.security
def test_secret_keys_are_found_at_any_depth() -> None:
    event = {
        "request": {
            "headers": [("Authorization", SECRET), ("Host", "hub")],
            "body": [{"user": {"password": {"old": SECRET, "new": [SECRET]}}}],
        }
    }
    assert redactor.event(event) == {
        "request": {
            "headers": [["Authorization", MASK], ["Host", "hub"]],
            "body": [{"user": {"password": MASK}}],
        }
    }


@pytest.mark.architecture
def test_none_and_booleans_are_not_masked() -> None:
    assert redactor.event({"password": None, "has_token": True}) == {
        "password": None,
        "has_token": True,
    }


@pytest.mark.security
def test_a_number_with_a_secret_key_is_masked() -> None:
    assert redactor.event({"pin": 1234}) == {"pin": MASK}


@pytest.mark.architecture
def test_keys_can_be_added_and_allowed() -> None:
    custom_redactor = Redactor(keys=["Tax-Id"], allow=["csrf_token"])
    assert custom_redactor.event({"customer_taxid": "1", "CSRF-Token": "2", "token": "3"}) == {
        "customer_taxid": MASK,
        "CSRF-Token": "2",
        "token": MASK,
    }


@pytest.mark.security
def test_an_empty_key_added_by_mistake_does_not_mask_everything() -> None:
    assert Redactor(keys=["", "--"]).event({"a": "b"}) == {"a": "b"}


@pytest.mark.security
@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET}",
        f"password = {SECRET}",
        f"password: {SECRET}",
        f"password:={SECRET}",
        f"password=>{SECRET}",
        f"retry with db_password={SECRET}&user=ci",
        f"a=password={SECRET}",
        f"error: token={SECRET}",
        f"Settings(url='x', password='{SECRET}')",
        f"Settings(password=b'{SECRET}')",
        f'{{"password": "{SECRET}"}}',
        f'{{"password": "with \\" quote {SECRET}"}}',
        f"{{'password': ['{SECRET}', '{SECRET}']}}",
        f'{{"password": {{"value": "{SECRET}"}}}}',
        json.dumps(json.dumps({"password": SECRET})),
        f"environ['API_TOKEN'] = '{SECRET}'",
        f'password="unterminated {SECRET}',
        f'password=half"{SECRET}',
        f"GET /cb?state=1&access_token={SECRET}&x=1",
        f"mysql --password {SECRET} --host db",
        f"curl --api-key '{SECRET}'",
        f"Authorization: Custom {SECRET} more",
        f"Cookie: a=1; session={SECRET}",
        f"authorization: Bearer {SECRET}",
        f"sent bearer {SECRET}.",
        f"Basic {base64.b64encode(SECRET.encode()).decode()}",
        f"postgres://app:{SECRET}@db/hub",
        f"postgres://app:{SECRET}/x@db/hub",
        f"redis://:{SECRET}@cache",
        f"https://{SECRET}@github.com/org/repo",
        f"amqp://u:p@{SECRET}@host/vhost",
        PEM,
        PEM.replace("\n", "\\n"),
        PEM.replace("EC PRIVATE", "PRIVATE"),
        PEM[: PEM.index("-----END")],
        f"token {JWT} expired",
        JWT.rsplit(".", 1)[0],
    ],
)
def test_a_secret_inside_text_is_masked(text: str) -> None:
    masked = redactor.text(f"before {text}")
    assert SECRET not in masked
    assert base64.b64encode(SECRET.encode()).decode() not in masked
    assert JWT[:30] not in masked
    assert MASK in masked
    assert masked.startswith("before ")


@pytest.mark.architecture
@pytest.mark.parametrize(
    "text",
    [
        "GET /v1/repos/hub/snapshots?suite=api&theme=security 200",
        "https://hub.example:8443/path?next=/a@b",
        "InvalidTokenError: Signature has expired",
        "see http://example.org/a:b@c for more",
        "listening on 127.0.0.1:8080 at 12:30:45",
        "-----BEGIN PUBLIC KEY-----",
        "key=value name: x",
        "",
        "eyJ",
    ],
)
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert redactor.text(text) == text


@pytest.mark.architecture
def test_text_around_a_secret_stays_readable() -> None:
    assert redactor.text("connect to postgres://app:pw@db:5432/hub failed") == (
        f"connect to postgres://{MASK}@db:5432/hub failed"
    )
    assert redactor.text('{"user": "ci", "token": "abc", "n": 1}') == (
        f'{{"user": "ci", "token": {MASK}, "n": 1}}'
    )
    assert redactor.text("a=1&token=abc&b=2") == f"a=1&token={MASK}&b=2"


@pytest.mark.security
@given(
    prefix=st.text(max_size=50),
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
)
def test_an_unquoted_value_after_a_secret_key_is_masked(prefix: str, secret: str) -> None:
    sentinel = f"x{secret}"  # not a quote or bracket at the start: those have their own rules
    masked = redactor.text(f"{prefix} password={sentinel} after")
    assert f"password={sentinel}" not in masked


@pytest.mark.reliability
@given(st.text())
def test_redaction_is_idempotent(text: str) -> None:
    once = redactor.text(text)
    assert redactor.text(once) == once


class Colour(Enum):
    RED = 1


class Level(IntEnum):
    LOW = 3


@pytest.mark.architecture
def test_values_are_converted_to_plain_data() -> None:
    plain = redactor.event(
        {
            "nested": {3: "numeric key"},
            "when": datetime(2026, 11, 21, tzinfo=UTC),
            "id": UUID(int=7),
            "price": Decimal("1.50"),
            "path": Path("/var/log"),
            "tuple": (1, 2.5, None, True),
            "enum": [Colour.RED, Level.LOW],
            "bytes": b"\x00ab",
            "infinite": [float("inf"), float("nan")],
        }
    )
    assert plain == {
        "when": "2026-11-21 00:00:00+00:00",
        "id": "00000000-0000-0000-0000-000000000007",
        "price": "1.50",
        "path": "/var/log",
        "tuple": [1, 2.5, None, True],
        "enum": ["<Colour.RED: 1>", 3],
        "bytes": "b'\\x00ab'",
        "nested": {"3": "numeric key"},
        "infinite": ["inf", "nan"],
    }
    json.dumps(plain, allow_nan=False)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.sets(st.integers()),
    max_leaves=8,
)


@pytest.mark.reliability
@given(st.dictionaries(st.text(), json_like))
def test_any_event_can_be_encoded_as_json(event: Mapping[str, object]) -> None:
    json.loads(json.dumps(redactor.event(event), allow_nan=False))


class RaisesOnRepr:
    def __repr__(self) -> str:
        raise LookupError(SECRET)


@pytest.mark.reliability
def test_an_object_whose_repr_raises_is_described_by_type() -> None:
    assert redactor.event({"x": RaisesOnRepr()}) == {
        "x": "[RaisesOnRepr whose repr raises LookupError]"
    }


@pytest.mark.reliability
def test_a_cycle_is_cut() -> None:
    cycle: dict[str, object] = {}
    cycle["self"] = cycle
    assert CUT in json.dumps(redactor.event(cycle))


@pytest.mark.reliability
def test_a_huge_integer_is_described_by_its_size() -> None:
    assert redactor.event({"n": 1 << 100_000}) == {"n": "[integer of 100001 bits]"}


@pytest.mark.security
def test_a_long_text_is_cut_at_its_limit() -> None:
    redacted = redactor.text("word " * MAX_TEXT)
    assert len(redacted) <= MAX_TEXT
    assert redacted.endswith(CUT)


@pytest.mark.security
@pytest.mark.parametrize("offset", range(0, 120, 7))
def test_a_cut_inside_a_secret_removes_all_of_it(offset: int) -> None:
    url = f"postgres://app:{SECRET * 4}@db"
    text = "x " * ((MAX_TEXT - offset) // 2) + url + " y" * 1000
    assert "hunter2" not in redactor.text(text)


@pytest.mark.security
def test_masking_before_a_cut_does_not_reveal_text_after_the_cut() -> None:
    text = f"password={'p' * 8000} " + "x " * 4150 + f"postgres://app:{SECRET * 20}@db"
    assert len(text) > MAX_TEXT
    assert "hunter2" not in redactor.text(text)


@pytest.mark.security
def test_an_event_does_not_exceed_its_limits() -> None:
    wide = redactor.event({f"k{n}": "v" for n in range(MAX_NODES * 2)})
    assert len(wide) <= MAX_NODES + 1
    assert wide[CUT] == CUT
    long = redactor.event({f"k{n}": "v" * 10_000 for n in range(50)})
    assert sum(len(str(value)) for value in long.values()) <= MAX_EVENT + 50 * len(CUT)
    nested = redactor.event({"list": list(range(MAX_NODES * 2))})["list"]
    assert isinstance(nested, list)
    assert nested[-1] == CUT


@pytest.mark.reliability
def test_an_endless_mapping_is_cut() -> None:
    class EndlessMapping(Mapping[str, str]):
        def __getitem__(self, key: str) -> str:
            return key

        def __iter__(self) -> Iterator[str]:
            number = 0
            while True:
                yield str(number)
                number += 1

        def __len__(self) -> int:
            return 1

    inner = redactor.event({"x": EndlessMapping()})["x"]
    assert isinstance(inner, dict)
    assert len(inner) <= MAX_NODES + 1


@pytest.mark.security
@pytest.mark.parametrize(
    "piece",
    [
        "eyJ",
        "eyJ-eyJ.",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN A A A A A ",
        "-----END ",
        "a://",
        "a://b:",
        "a:a@",
        "password",
        "password=",
        "password:\\",
        'password="\\',
        "password=(",
        "--password ",
        "- --a ",
        "bearer ",
        "Bearer\t",
        "\\",
        "[{(",
        "a.",
        "\u0130",
        "=",
    ],
)
def test_redaction_time_is_linear_in_the_text_length(piece: str) -> None:
    """Usually 0.01 seconds; a backtracking pattern would take minutes."""
    text = piece * (MAX_TEXT // len(piece))
    started = time.process_time()
    redactor.text(text)
    assert time.process_time() - started < 2
