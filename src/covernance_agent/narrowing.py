"""The options of pytest and of its plugins that leave tests out, or do not run them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class NarrowingOption(NamedTuple):
    """An option that leaves tests out or does not run them.

    Attributes:
        name: The name that pytest gives its value.
        text: The option as a user would write it.
        in_settings: Whether it makes a run partial in ini files and environment variables too. The
            others make it partial there only if they deselect tests, which are counted.
    """

    name: str
    text: str
    in_settings: bool = False


_OPTIONS = (
    NarrowingOption("keyword", "-k"),
    NarrowingOption("markexpr", "-m"),
    NarrowingOption("deselect", "--deselect", in_settings=True),
    NarrowingOption("ignore", "--ignore", in_settings=True),
    NarrowingOption("ignore_glob", "--ignore-glob", in_settings=True),
    NarrowingOption("lf", "--last-failed", in_settings=True),
    NarrowingOption("stepwise", "--stepwise"),
    NarrowingOption("stepwise_skip", "--stepwise-skip"),
    NarrowingOption("collectonly", "--collect-only", in_settings=True),
    NarrowingOption("setuponly", "--setup-only", in_settings=True),
    NarrowingOption("setupplan", "--setup-plan", in_settings=True),
    NarrowingOption("group", "--group"),
    NarrowingOption("testmon", "--testmon"),
)
_COLLECTION_SETTINGS = ("python_", "testpaths", "norecursedirs", "collect_imported_tests")


def list_given(given: Mapping[str, Any]) -> Iterator[str]:
    """List the options that a user gave, each with its value as the user would write it.

    Args:
        given: The values of the user's arguments that differ from the defaults.
    """
    for option in _OPTIONS:
        value = given.get(option.name)
        if value is True:
            yield option.text
        elif value:
            for argument in value if isinstance(value, list) else [value]:
                yield f"{option.text} {argument!r}"


def list_in_force(options: Namespace) -> Iterator[str]:
    """List the options in force in a pass, whatever their source, and overridden settings.

    Args:
        options: The values of all options of the pass.
    """
    for option in _OPTIONS:
        if option.in_settings and getattr(options, option.name, None):
            yield option.text
    for setting in getattr(options, "override_ini", None) or ():
        if setting.startswith(_COLLECTION_SETTINGS):
            yield f"-o {setting}"
