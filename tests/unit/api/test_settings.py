from __future__ import annotations

from pathlib import Path

import pytest

from apps.api.settings import Settings, SettingsError, load_settings

AUTH = """
[auth]
issuer = "https://auth.test"
jwks_url = "https://auth.test/.well-known/jwks.json"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "api.toml"
    path.write_text(text)
    return path


def error_message(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(write(folder, text), environ)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.architecture
def test_only_issuer_and_key_url_are_required(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, AUTH), {})

    assert settings.auth.audience == "coverage-hub"
    assert settings.database_url == "sqlite:///hub.sqlite3"
    assert settings.limits.writes == "60/minute"
    assert not settings.auto_migrate


@pytest.mark.architecture
def test_the_file_can_set_everything(tmp_path: Path) -> None:
    text = (
        'database_url = "postgresql://db/hub"\nauto_migrate = true\nmax_body_bytes = 2048\n'
        'trusted_proxies = 1\n[limits]\nreads = "10/second"\n[logging]\nlevel = "DEBUG"\n'
    )
    settings = load_settings(write(tmp_path, text + AUTH + "timeout = 1.5\n"), {})

    assert settings.database_url == "postgresql://db/hub"
    assert settings.auto_migrate
    assert (settings.max_body_bytes, settings.trusted_proxies) == (2048, 1)
    assert settings.limits.reads == "10/second"
    assert settings.logging == {"level": "DEBUG"}
    assert settings.auth.timeout == 1.5


@pytest.mark.architecture
def test_variables_override_the_file_with_its_types(tmp_path: Path) -> None:
    settings = load_settings(
        write(tmp_path, "trusted_proxies = 1\n" + AUTH),
        {
            "HUB_API_TRUSTED_PROXIES": "2",
            "HUB_API_AUTO_MIGRATE": "true",
            "HUB_API_AUTH__LEEWAY": "5",
            "HUB_API_LIMITS__READS": "1/hour",
            "UNRELATED": "x",
        },
    )

    assert settings.trusted_proxies == 2
    assert settings.auto_migrate
    assert settings.auth.leeway == 5
    assert settings.limits.reads == "1/hour"


@pytest.mark.architecture
def test_variables_are_sufficient_without_a_file() -> None:
    settings = load_settings(
        None,
        {
            "HUB_API_AUTH__ISSUER": "https://auth.test",
            "HUB_API_AUTH__JWKS_URL": "https://auth.test/keys",
        },
    )

    assert isinstance(settings, Settings)


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("colour = 1\n" + AUTH, "unknown field `colour`"),
        (AUTH + "color = 1\n", "unknown field `color` - at `$.auth`"),
        ("", "missing required field `auth`"),
        ('[auth]\nissuer = "x"\n', "missing required field `jwks_url` - at `$.auth`"),
        ('trusted_proxies = "1"\n' + AUTH, "at `$.trusted_proxies`"),
        ("max_body_bytes = 1\n" + AUTH, "at `$.max_body_bytes`"),
        (AUTH + "leeway = 3600\n", "at `$.auth.leeway`"),
        ('[limits]\nreads = "fast"\n' + AUTH, "`reads` must be a rate"),
        ('[limits]\nwrites = ""\n' + AUTH, "`writes` must be a rate"),
        ("[auth\n", "is not TOML"),
    ],
)
def test_an_error_is_one_line_with_file_and_key(tmp_path: Path, text: str, expected: str) -> None:
    message = error_message(tmp_path, text)

    assert message.startswith(f"{tmp_path}/api.toml: ")
    assert expected in message


@pytest.mark.reliability
def test_a_file_that_is_not_utf8_is_not_toml(tmp_path: Path) -> None:
    path = tmp_path / "api.toml"
    path.write_bytes(b'issuer = "\xff"')

    with pytest.raises(SettingsError, match="is not TOML"):
        load_settings(path, {})


@pytest.mark.reliability
def test_a_missing_file_error_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read \(No such file"):
        load_settings(tmp_path / "none.toml", {})


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HUB_API_COLOUR", "1", "there is no such setting"),
        ("HUB_API_AUTH__COLOUR", "1", "there is no such setting"),
        ("HUB_API_AUTH__ISSUER__X", "1", "there is no such setting"),
        ("HUB_API_LOGGING__LEVEL", "DEBUG", "there is no such setting"),
        ("HUB_API_AUTH", "1", "`auth` is a table"),
        ("HUB_API_TRUSTED_PROXIES", "many", "Expected `int`"),
        ("HUB_API_TRUSTED_PROXIES", "99", "<= 8"),
    ],
)
def test_an_invalid_variable_error_names_the_variable(
    tmp_path: Path, name: str, value: str, expected: str
) -> None:
    message = error_message(tmp_path, AUTH, **{name: value})

    assert message.startswith(f"{name}: ")
    assert expected in message


@pytest.mark.reliability
def test_a_variable_for_a_key_of_a_non_table_is_rejected(tmp_path: Path) -> None:
    message = error_message(tmp_path, "auth = 1\n", HUB_API_AUTH__ISSUER="x")

    assert message.startswith("HUB_API_AUTH__ISSUER: `auth` in the file is not a table")


@pytest.mark.reliability
def test_without_a_file_a_missing_key_error_names_the_environment() -> None:
    with pytest.raises(SettingsError, match=r"^environment \(HUB_API_\*\): .*`auth`"):
        load_settings(None, {})


@pytest.mark.security
@pytest.mark.parametrize(
    "url", ["http://auth.test/keys", "ftp://auth.test/keys", "auth.test/keys", "", "https://"]
)
def test_the_key_url_must_be_https(tmp_path: Path, url: str) -> None:
    message = error_message(tmp_path, f'[auth]\nissuer = "x"\njwks_url = "{url}"\n')

    assert "`jwks_url` must be" in message


@pytest.mark.security
@pytest.mark.parametrize("host", ["127.0.0.1:8100", "[::1]:8100", "localhost"])
def test_a_loopback_key_url_can_be_plain_http(tmp_path: Path, host: str) -> None:
    text = f'[auth]\nissuer = "x"\njwks_url = "http://{host}/keys"\n'

    assert load_settings(write(tmp_path, text), {}).auth.jwks_url == f"http://{host}/keys"


@pytest.mark.security
@pytest.mark.parametrize("url", ["mysql://u:hunter2@db/x", "hunter2", ""])
def test_an_invalid_database_url_is_not_shown(tmp_path: Path, url: str) -> None:
    message = error_message(tmp_path, f'database_url = "{url}"\n' + AUTH)

    assert "`database_url` must start with sqlite:// or postgresql://" in message
    assert "hunter2" not in message
