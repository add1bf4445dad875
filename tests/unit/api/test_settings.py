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


def refusal(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(write(folder, text), environ)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.architecture
def test_issuer_and_keys_are_enough(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, AUTH), {})

    assert settings.auth.audience == "coverage-hub"
    assert settings.database_url == "sqlite:///hub.sqlite3"
    assert settings.limits.writes == "60/minute"
    assert not settings.auto_migrate


@pytest.mark.architecture
def test_the_file_says_everything_there_is_to_say(tmp_path: Path) -> None:
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
def test_variables_win_over_the_file_and_have_its_types(tmp_path: Path) -> None:
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
def test_variables_alone_are_enough() -> None:
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
    ("text", "named"),
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
def test_a_mistake_is_one_line_that_names_file_and_key(
    tmp_path: Path, text: str, named: str
) -> None:
    message = refusal(tmp_path, text)

    assert message.startswith(f"{tmp_path}/api.toml: ")
    assert named in message


@pytest.mark.reliability
def test_a_file_that_is_not_utf8_is_not_toml(tmp_path: Path) -> None:
    path = tmp_path / "api.toml"
    path.write_bytes(b'issuer = "\xff"')

    with pytest.raises(SettingsError, match="is not TOML"):
        load_settings(path, {})


@pytest.mark.reliability
def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read \(No such file"):
        load_settings(tmp_path / "none.toml", {})


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("name", "value", "named"),
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
def test_a_mistake_in_a_variable_names_the_variable(
    tmp_path: Path, name: str, value: str, named: str
) -> None:
    message = refusal(tmp_path, AUTH, **{name: value})

    assert message.startswith(f"{name}: ")
    assert named in message


@pytest.mark.reliability
def test_a_variable_cannot_reach_into_what_is_no_table(tmp_path: Path) -> None:
    message = refusal(tmp_path, "auth = 1\n", HUB_API_AUTH__ISSUER="x")

    assert message.startswith("HUB_API_AUTH__ISSUER: `auth` in the file is not a table")


@pytest.mark.reliability
def test_without_a_file_a_missing_key_is_looked_for_in_the_environment() -> None:
    with pytest.raises(SettingsError, match=r"^environment \(HUB_API_\*\): .*`auth`"):
        load_settings(None, {})


@pytest.mark.security
@pytest.mark.parametrize(
    "url", ["http://auth.test/keys", "ftp://auth.test/keys", "auth.test/keys", "", "https://"]
)
def test_keys_come_over_https_only(tmp_path: Path, url: str) -> None:
    message = refusal(tmp_path, f'[auth]\nissuer = "x"\njwks_url = "{url}"\n')

    assert "`jwks_url` must be" in message


@pytest.mark.security
@pytest.mark.parametrize("host", ["127.0.0.1:8100", "[::1]:8100", "localhost"])
def test_plain_http_is_for_loopback(tmp_path: Path, host: str) -> None:
    text = f'[auth]\nissuer = "x"\njwks_url = "http://{host}/keys"\n'

    assert load_settings(write(tmp_path, text), {}).auth.jwks_url == f"http://{host}/keys"


@pytest.mark.security
@pytest.mark.parametrize("url", ["mysql://u:hunter2@db/x", "hunter2", ""])
def test_a_refused_database_url_is_not_shown_with_its_password(tmp_path: Path, url: str) -> None:
    message = refusal(tmp_path, f'database_url = "{url}"\n' + AUTH)

    assert "`database_url` must begin with sqlite:// or postgresql://" in message
    assert "hunter2" not in message
