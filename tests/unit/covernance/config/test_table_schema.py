from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from covernance.config import kinds
from covernance.config.kinds import Kind
from covernance.config.table import SECTION_KEYS, SUITE_KEYS, TABLE_KEYS
from covernance.config.table_schema import render_schema
from covernance.config.validation import check_table
from covernance.errors import ConfigError

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).parents[4]
DOCUMENT: dict[str, Any] = json.loads(render_schema())
SCHEMA = Draft202012Validator(DOCUMENT)
FOLDERS = ("a/one", "a/two", "b c")

PERCENTAGES = st.integers(0, 100) | st.floats(0, 100)
BY_THEME = st.dictionaries(st.sampled_from(["x", "y"]), PERCENTAGES)
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    kinds.FLOOR: PERCENTAGES,
    kinds.LIMIT: PERCENTAGES,
    kinds.FLOORS_BY_THEME: BY_THEME,
    kinds.LIMITS_BY_THEME: BY_THEME,
    kinds.FLOORS_BY_FILE: st.dictionaries(st.text("a/*"), PERCENTAGES),
    kinds.THEMES: st.just(["x", "y"]),
    kinds.SOURCES: st.nothing(),  # no two suites may have the same: see `tables`
    kinds.SUITES: st.nothing(),  # likewise
    kinds.SECTION: st.nothing(),  # likewise
    kinds.TEST_PATHS: st.lists(st.sampled_from(FOLDERS), min_size=1, unique=True),
    kinds.IGNORED_PATHS: st.lists(st.sampled_from(FOLDERS), min_size=1, unique=True),
    kinds.EXPRESSION: st.just("not slow"),
    kinds.FILE: st.just("a/file.txt"),
    kinds.WRITTEN_FILE: st.just("a/register.md"),
    kinds.COUNT: st.integers(1, 1000),
    kinds.FLAG: st.booleans(),
    kinds.CHOICE: st.just("git"),
    kinds.TEXT: st.text("ab/ ", min_size=1),
    kinds.TEXTS: st.lists(st.text("ab/ ")),
}
WORDS = st.text("ab/.,_ ", max_size=5) | st.sampled_from(["unit", "..", "../a", "/a", "b c", "A"])
WRONG = st.one_of(
    st.booleans(),
    st.integers(-3, 200),
    st.sampled_from([-0.5, 0.5, 100.5]),
    WORDS,
    st.lists(WORDS | st.integers(), max_size=2),
    st.dictionaries(WORDS, st.integers(-3, 200) | WORDS, max_size=2),
)
INEXPRESSIBLE = re.compile(
    r"does not exist|is a file|is not one of|is listed twice|already claimed|same session name"
)


def some(keys: tuple[Any, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Valid values for the required keys and for some others."""
    made = {key.name: VALUES[key.kind] for key in keys if not VALUES[key.kind].is_empty}
    required = {key.name for key in keys if key.required}
    return st.fixed_dictionaries(
        {name: values for name, values in made.items() if name in required},
        optional={name: values for name, values in made.items() if name not in required},
    )


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Valid tables for the folder that `root` creates."""
    table = draw(some(TABLE_KEYS))
    names = draw(st.lists(st.sampled_from(["api", "my-auth", "x1"]), min_size=1, unique=True))
    table["suites"] = {
        name: {**draw(some(SUITE_KEYS)), "source": [folder]}
        for name, folder in zip(names, FOLDERS, strict=False)
    }
    return table | {name: draw(some(keys)) for name, keys in SECTION_KEYS.items()}


@st.composite
def mistaken_tables(draw: st.DrawFn) -> dict[str, Any]:
    """Tables in which one key may be wrong, missing or unknown."""
    table = draw(tables())
    place, keys = draw(st.sampled_from(list(places(table))))
    names = st.sampled_from([key.name for key in keys]) | st.sampled_from(["fail-udner", "x"])
    name = draw(names)
    if draw(st.booleans()):
        place[name] = draw(WRONG)
    else:
        place.pop(name, None)
    return table


def places(table: dict[str, Any]) -> Iterator[tuple[dict[str, Any], tuple[Any, ...]]]:
    yield table, TABLE_KEYS
    for suite in table["suites"].values():
        yield suite, SUITE_KEYS
    for name, keys in SECTION_KEYS.items():
        yield table[name], keys


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("schema")
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    (root / "a/file.txt").touch()
    return root


def loaded(table: dict[str, Any]) -> dict[str, Any]:
    """The table as passed to the loader: TOML's floats are read as decimals."""

    return json.loads(json.dumps(table), parse_float=Decimal)  # type: ignore[no-any-return]


def mistake_of(table: dict[str, Any], root: Path) -> str:
    """The loader's message, or an empty text."""
    try:
        check_table(loaded(table), root)
    except ConfigError as error:
        return str(error)
    return ""


def test_the_shipped_schema_is_up_to_date() -> None:
    shipped = resources.files("covernance.config").joinpath("table.schema.json")
    message = "run `python scripts/generate_reference.py`"
    assert shipped.read_text(encoding="utf-8") == render_schema(), message


@pytest.mark.architecture
def test_the_schema_is_valid_and_accepts_this_repositorys_table() -> None:
    Draft202012Validator.check_schema(DOCUMENT)
    assert DOCUMENT["$id"] == "urn:covernance:table"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    SCHEMA.validate(project["tool"]["covernance"])


@pytest.mark.architecture
def test_every_key_in_the_schema_has_help_and_the_declared_default() -> None:
    properties = DOCUMENT["properties"]
    assert properties["fail-under"]["default"] == 90
    suite = properties["suites"]["additionalProperties"]["properties"]
    assert "default" not in suite["fail-under"]
    assert suite["shards"]["default"] == 1
    assert all(value["description"] for value in (*properties.values(), *suite.values()))


@given(tables())
def test_a_valid_table_is_accepted_by_schema_and_loader(root: Path, table: dict[str, Any]) -> None:
    SCHEMA.validate(table)
    check_table(loaded(table), root)


@given(mistaken_tables())
def test_schema_and_loader_agree_if_a_schema_can_express_the_mistake(
    root: Path, table: dict[str, Any]
) -> None:
    mistake = mistake_of(table, root)
    assume(not INEXPRESSIBLE.search(mistake))
    assert SCHEMA.is_valid(table) == (not mistake), mistake
