from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.errors import ConfigError
from covernance.notify.target import Target, mask_url, parse

pytestmark = pytest.mark.security

SECRET = st.text(st.sampled_from("Zz9:/?#@&=%,"), min_size=1, max_size=8).map(
    lambda text: f"QX{text}QX"
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "json://user:secret@hooks.example.org:8443/secret?x=secret",
            "json://hooks.example.org:8443",
        ),
        ("JSONS://Hooks.Example.org/secret", "jsons://hooks.example.org"),
        ("mailtos://user:secret@example.org", "mailtos://example.org"),
        ("gotify://example.org/secret", "gotify://example.org"),
        # a token stands in the host's place
        ("slack://secretA/secretB/secretC", "slack://***"),
        ("discord://secret/secret", "discord://***"),
        ("ntfy://secret-topic", "ntfy://***"),
        ("https://hooks.slack.com/services/T/B/secret", "https://***"),
        # what looks like the host may be a part of an unescaped password
        ("json://user:12?3@example.org/", "json://***"),
        ("json://user:12/3@example.org/", "json://***"),
        ("json://user:1@2@example.org/", "json://***"),
        ("json://user:pass", "json://***"),
        ("mailto://user:secret@example.org?to=a@example.org", "mailto://***"),
        ("mailto://user:secret@example.org?to=a%40example.org", "mailto://example.org"),
    ],
)
def test_only_the_schema_and_an_unambiguous_host_are_shown(url: str, shown: str) -> None:
    assert mask_url(url) == shown


@given(
    st.sampled_from(["json", "mailto", "slack", "https", "x"]),
    SECRET,
    st.sampled_from(["u:{0}@host", "u@host/{0}", "host?{0}", "{0}@host:80/{0}", "host/#{0}"]),
)
def test_only_the_host_is_ever_shown(schema: str, secret: str, form: str) -> None:
    assert "qx" not in mask_url(f"{schema}://{form.format(secret)}").lower()


@given(SECRET)
def test_token_in_place_of_the_host_is_never_shown(secret: str) -> None:
    assert mask_url(f"slack://{secret}") == "slack://***"


def test_repr_of_a_target_hides_the_url() -> None:
    target = Target("slack://***", "slack://secret")
    assert "secret" not in f"{target!r} {target} {[target]}"


@pytest.mark.architecture
def test_white_space_and_commas_separate_urls() -> None:
    text = " json://a/1,json://b/2\n\tmailto://u:p@c?to=x,y ,, json://d/ ,"
    assert [target.url for target in parse(text)] == [
        "json://a/1",
        "json://b/2",
        "mailto://u:p@c?to=x,y",
        "json://d/",
    ]


@pytest.mark.architecture
@pytest.mark.parametrize("text", ["", "  \n", ","])
def test_empty_text_has_no_targets(text: str) -> None:
    assert parse(text) == ()


@pytest.mark.reliability
def test_names_are_unique_and_repeated_urls_count_once() -> None:
    targets = parse("slack://A/B/C slack://D/E/F slack://A/B/C json://h/1 json://h/2")
    assert [target.name for target in targets] == [
        "slack://***",
        "slack://*** #2",
        "json://h",
        "json://h #2",
    ]


@pytest.mark.reliability
def test_name_does_not_change_when_a_secret_is_rotated() -> None:
    before, after = parse("slack://A/B/old"), parse("slack://A/B/new")
    assert before[0].name == after[0].name


def test_invalid_url_is_rejected_without_showing_it() -> None:
    with pytest.raises(ConfigError, match="part 2 of 3 is not a URL") as caught:
        parse("json://host/ hunter2 json://u:p@host/")
    assert "hunter2" not in str(caught.value)
