from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from covernance.config import load
from covernance.errors import ConfigError
from tests.unit.covernance.config.table_samples import GOOD

pytestmark = pytest.mark.architecture


def test_a_suite_uses_its_own_values_and_the_tables_defaults(root: Path) -> None:
    table = load(root)
    api, auth = table.suites
    assert api.fail_under == Decimal("89.5")
    assert api.themes == ("architecture", "security")
    assert api.requirements == "requirements/api.txt"
    assert (auth.fail_under, auth.themes, auth.requirements) == (Decimal(92), ("security",), None)
    assert auth.identifier == "my_auth"


def test_the_default_floor_is_90(root: Path) -> None:
    (root / "pyproject.toml").write_text(GOOD.replace("fail-under = 89.5\n", ""))
    assert load(root).suite("api").fail_under == Decimal(90)


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fail-under = 92", "fail-udner = 92", "suites.my-auth: unknown key 'fail-udner'"),
        ("fail-under = 92", "fail-udner = 92", "did you mean 'fail-under'?"),
        ("fail-under = 92", "zzz = 1", "known keys: source, tests"),
        ("fail-under = 92", 'fail-under = "92"', "suites.my-auth.fail-under: '92' is not a perc"),
        ("fail-under = 92", "fail-under = true", "suites.my-auth.fail-under: True is not a perc"),
        ("fail-under = 92", "fail-under = 100.5", "suites.my-auth.fail-under: "),
        ("fail-under = 92", "fail-under = nan", "suites.my-auth.fail-under: "),
        ("fail-under = 89.5", "fail-under = -1", "[tool.covernance] fail-under: -1"),
        ('["apps/auth"]', '["apps/nope"]', "suites.my-auth.source: 'apps/nope' does not exist"),
        ('["apps/auth"]', '"apps/auth"', "suites.my-auth.source: must be a list, not text"),
        (
            '["apps/auth"]',
            '["apps/auth", 3]',
            "suites.my-auth.source[1]: must be text, not",
        ),
        ('["apps/auth"]', "[]", "suites.my-auth.source: is empty"),
        ('["apps/auth"]', '["apps/auth", "apps/auth/"]', "'apps/auth' is listed twice"),
        ('["apps/auth"]', '["../outside"]', "is outside the repository"),
        ('["apps/auth"]', '["/etc"]', "is outside the repository"),
        ('["apps/auth"]', '["apps/api"]', "is already claimed by suites.api.source"),
        ('["apps/auth"]', '["apps"]', "is already claimed by suites.api.source ('apps/api')"),
        ('["tests/auth"]', '["tests/nope"]', "suites.my-auth.tests: 'tests/nope' does not exist"),
        ("requirements/api.txt", "api.txt", "suites.api.requirements: 'api.txt' does not exist"),
        ('themes = ["security"]', 'themes = ["securty"]', "did you mean 'security'?"),
        ('themes = ["security"]', "themes = []", "suites.my-auth.themes: is empty"),
        ('["architecture", "security"]', '["unthemed"]', "'unthemed' can't be a theme"),
        ('["architecture", "security"]', '["a b"]', "'a b' can't be a theme"),
        ('["architecture", "security"]', '["a", "a"]', "'a' is listed twice"),
        ("suites.my-auth]", "suites.baseline]", "suites.baseline: can't be the name of a suite"),
        ("suites.my-auth]", 'suites."../x"]', "can't be the name of a suite"),
        ("[tool.covernance]", "[tool.covernance]\ncolour = 1", "unknown key 'colour'"),
        ("[tool.covernance]", "[tool.covernance", "is not valid TOML"),
        ("[tool.covernance]", "\ufeff[tool.covernance]", "begins with a byte order mark"),
        ("[tool.covernance]", f"[x]\na = {'[' * 9999}\n[tool.covernance]", "nested too deeply"),
    ],
)
def test_every_mistake_is_an_error_that_names_the_key(
    root: Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD
    (root / "pyproject.toml").write_text(GOOD.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load(root)
    assert message in str(caught.value)
    assert "pyproject.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_floors_of_themes_and_files_and_limits_are_read_exactly(root: Path) -> None:
    more = """max-drop = 1.5
theme-max-drop = {security = 0.5}
patch-max-drop = 10
patch-fail-under = 80
theme-floors = {security = 60.5}
file-floors = {"apps/auth/keys.py" = 100}
"""
    text = GOOD.replace("fail-under = 92\n", "fail-under = 92\n" + more)
    history = '[tool.covernance.history]\nstore = "git"\nkeep = 3\n'
    exceptions = '[tool.covernance.exceptions]\nowner = "@team"\nreview-days = 30\n'
    (root / "pyproject.toml").write_text(text + history + exceptions)
    table = load(root)
    api, auth = table.suites
    assert (api.max_drop, auth.max_drop) == (Decimal(2), Decimal("1.5"))
    assert (api.patch_max_drop, auth.patch_max_drop) == (Decimal(2), Decimal(10))
    assert (api.theme_max_drop, auth.theme_max_drop) == ({}, {"security": Decimal("0.5")})
    assert (api.patch_fail_under, auth.patch_fail_under) == (Decimal(90), Decimal(80))
    assert auth.theme_floors == {"security": Decimal("60.5")}
    assert auth.file_floors == {"apps/auth/keys.py": Decimal(100)}
    assert (table.history.store, table.history.keep, table.default_branch) == ("git", 3, None)
    assert (table.exceptions.owner, table.exceptions.review_days) == ("@team", 30)


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("added", "message"),
    [
        ("[tool.covernance.history]\nstore = 'cloud'", "history.store: invalid enum value"),
        ("[tool.covernance.history]\nstore = 'cloud'", "'cloud'; use one of: directory, git"),
        ("[tool.covernance.history]\nstore = 'gti'", "'gti' (did you mean 'git'?)"),
        ("[tool.covernance.history]\nstore = 3", "history.store: must be text, not a whole number"),
        ("[tool.covernance.suites.my-auth.history]", "unknown key 'history'"),
        ("python = ''", "suites.my-auth.python: must not be empty"),
        ("requirements = 3", "suites.my-auth.requirements: must be text, not a whole number"),
        (
            "[tool.covernance.history]\nkeep = 0",
            "history.keep: must be a whole number of at least",
        ),
        ("[tool.covernance.exceptions]\nreview = 3", "exceptions: unknown key 'review'"),
        ("[tool.covernance.suites.my-auth.theme-floors]\nspeed = 3", "'speed' is not one of"),
        (
            "[tool.covernance.suites.my-auth.theme-max-drop]\nspeed = 3",
            "theme-max-drop: 'speed' is",
        ),
        ("[tool.covernance.suites.my-auth.theme-max-drop]\nsecurity = -1", "max-drop.security: -1"),
        ("[tool.covernance.suites.my-auth.file-floors]\n'*' = 101", "file-floors.*: 101"),
    ],
)
def test_a_mistake_in_floors_or_limits_names_the_key(root: Path, added: str, message: str) -> None:
    (root / "pyproject.toml").write_text(f"{GOOD}{added}\n")
    with pytest.raises(ConfigError) as caught:
        load(root)
    assert message in str(caught.value)


@pytest.mark.reliability
def test_an_empty_suites_table_error_says_to_add_one(root: Path) -> None:
    (root / "pyproject.toml").write_text('[tool.covernance]\nthemes = ["a"]\nsuites = {}\n')
    with pytest.raises(ConfigError, match="suites: is empty; add one"):
        load(root)


@pytest.mark.reliability
def test_a_source_with_a_comma_is_rejected(root: Path) -> None:
    (root / "a,b").mkdir()
    (root / "pyproject.toml").write_text(GOOD.replace("apps/auth", "a,b"))
    with pytest.raises(ConfigError, match="contains a comma"):
        load(root)


@pytest.mark.reliability
def test_two_suites_with_the_same_session_name_are_rejected(root: Path) -> None:
    twin = '[tool.covernance.suites.my_auth]\nsource = ["twin"]\ntests = ["tests/auth"]\n'
    (root / "twin").mkdir()
    (root / "pyproject.toml").write_text(GOOD + twin)
    with pytest.raises(ConfigError, match="same session name as 'my-auth'"):
        load(root)


def test_a_single_module_may_be_a_source_but_no_other_file(root: Path) -> None:
    text = (root / "pyproject.toml").read_text()
    for name in ("shop.py", "shop.txt"):
        (root / name).touch()
        (root / "pyproject.toml").write_text(text.replace('["apps/api"]', f'["{name}"]'))
        if name == "shop.py":
            assert load(root).suites[0].source == ("shop.py",)
        else:
            with pytest.raises(ConfigError, match=r"suites\.api\.source: 'shop\.txt' is neither"):
                load(root)


@pytest.mark.security
@pytest.mark.parametrize(
    ("register", "message"),
    [
        ("apps", "exceptions.register: 'apps' is a folder"),
        ("", "exceptions.register: '' is a folder"),
        ("../register.md", "exceptions.register: '../register.md' is outside the repository"),
        ("/register.md", "exceptions.register: '/register.md' is outside the repository"),
    ],
)
def test_the_register_is_a_file_of_the_repository(root: Path, register: str, message: str) -> None:
    text = f"{GOOD}[tool.covernance.exceptions]\nregister = '{register}'\n"
    (root / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(root)
    assert message in str(caught.value)


@pytest.mark.security
def test_a_symbolic_link_to_the_source_of_another_suite_is_rejected(root: Path) -> None:
    (root / "alias").symlink_to("apps/api")
    (root / "pyproject.toml").write_text(GOOD.replace('["apps/auth"]', '["apps/auth", "alias"]'))
    with pytest.raises(ConfigError) as caught:
        load(root)
    assert "'alias' is already claimed by suites.api.source ('apps/api')" in str(caught.value)
