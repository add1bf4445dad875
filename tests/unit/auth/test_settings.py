from __future__ import annotations

from pathlib import Path

import pytest

from apps.auth_service.errors import ConfigError
from apps.auth_service.settings import load_settings
from tests.unit.auth.support import write_private


def write(tmp_path: Path, text: str) -> Path:
    return write_private(tmp_path / "auth.toml", text)


@pytest.mark.architecture
def test_only_the_issuer_is_required(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, 'issuer = "https://auth.example.org:8443"'))

    assert settings.audience == "coverage-hub"
    assert settings.scopes == ("snapshots:read", "snapshots:write")
    assert settings.token_lifetime == 600
    assert not settings.insecure_transport


@pytest.mark.architecture
def test_paths_are_relative_to_the_configuration_file(tmp_path: Path) -> None:
    settings = load_settings(
        write(
            tmp_path, 'issuer = "https://a.example"\nkeys_dir = "k"\nclients_file = "/etc/c.json"'
        )
    )

    assert settings.keys_path == tmp_path.resolve() / "k"
    assert settings.clients_path == Path("/etc/c.json")


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "issuer"),
        ('isuer = "https://a.example"', "isuer"),
        ('issuer = "https://a.example"\ntoken_lifetime = "600"', "$.token_lifetime"),
        ('issuer = "https://a.example"\ntoken_lifetime = 10', "$.token_lifetime"),
        ('issuer = "https://a.example"\nscopes = []', "$.scopes"),
        ('issuer = "https://a.example"\nscopes = ["a b"]', "$.scopes"),
        ('issuer = "https://a.example"\n[assertions]\nleway = 3', "leway"),
        ('issuer = "https://a.example"\n[secrets]\nmemory_cost = 8', "$.secrets.memory_cost"),
        ("issuer = ", "TOML"),
        ("issuer = 1", "$.issuer"),
    ],
)
def test_an_error_is_one_line_with_file_key_and_fix(
    tmp_path: Path, text: str, expected: str
) -> None:
    path = write(tmp_path, text)

    with pytest.raises(ConfigError) as caught:
        load_settings(path)

    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert expected in message
    assert "correct" in message
    assert "\n" not in message


@pytest.mark.reliability
def test_invalid_utf_8_is_rejected(tmp_path: Path) -> None:
    path = write_private(tmp_path / "auth.toml", b'issuer = "\xff\xfe"')

    with pytest.raises(ConfigError, match="TOML"):
        load_settings(path)


@pytest.mark.reliability
def test_a_missing_file_error_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.toml: cannot be read \(No such file"):
        load_settings(tmp_path / "nothing.toml")


@pytest.mark.security
@pytest.mark.parametrize(
    "issuer",
    [
        "https://a.example/",
        "https://a.example/path",
        "https://a.example?x=1",
        "https://a.example#x",
        "https://user@a.example",
        "https://",
        "ftp://a.example",
        "a.example",
        "https://[::1",
        "https://a.example:port",
    ],
)
def test_an_issuer_must_be_exactly_a_scheme_and_host(tmp_path: Path, issuer: str) -> None:
    with pytest.raises(ConfigError, match="issuer = "):
        load_settings(write(tmp_path, f'issuer = "{issuer}"'))


@pytest.mark.security
def test_plain_http_must_be_allowed_explicitly(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="insecure_transport = true on loopback"):
        load_settings(write(tmp_path, 'issuer = "http://127.0.0.1:8001"'))


@pytest.mark.security
@pytest.mark.parametrize("host", ["auth.example.org", "10.0.0.1", "127.0.0.1.example.org"])
def test_insecure_transport_requires_a_loopback_issuer(tmp_path: Path, host: str) -> None:
    text = f'issuer = "http://{host}"\ninsecure_transport = true'

    with pytest.raises(ConfigError, match="loopback issuer only"):
        load_settings(write(tmp_path, text))


@pytest.mark.security
@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "127.9.9.9:80", "[::1]:8001"])
def test_a_loopback_issuer_can_use_plain_http(tmp_path: Path, host: str) -> None:
    text = f'issuer = "http://{host}"\ninsecure_transport = true'

    assert load_settings(write(tmp_path, text)).insecure_transport
