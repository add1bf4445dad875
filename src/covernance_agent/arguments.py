"""The meaning of the pytest arguments that a user gave, read by pytest's own parser.

Plugins and conftest files add options, so only pytest knows whether a word is an option's value or
a path. The environment's pytest is configured as for a run. Then its parser reads the user's words
again, without the options from ini files and environment variables.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import Any

from _pytest.config import _prepareconfig

from covernance_agent.cov_switch import CovSwitch
from covernance_agent.failures import InputError
from covernance_agent.selection import find_mode_without_tests, list_narrowing, list_unknown

VARIABLE = "PYTEST_ADDOPTS"
"""pytest's own variable for arguments, which come before those on the command line."""

_PATHS = "file_or_dir"
_SPREADING = ("numprocesses", "dist", "tx")


def parse(arguments: Sequence[str], tests: Sequence[str]) -> dict[str, Any]:
    """Read the arguments that a user gave for one run, also in `PYTEST_ADDOPTS`.

    Args:
        arguments: The user's arguments.
        tests: The suite's own paths, whose conftest files may add options.

    Returns:
        `expression` (of `-m`, or None), `paths`, `narrowing` (each option as a user would write
        it), `unknown` (options of plugins and conftest files that may leave tests out),
        `interactive` (pytest needs the terminal), `spreads` (the user chooses how many processes
        run tests).

    Raises:
        InputError: pytest can't read them; the message contains pytest's own. Or they run no test.
    """
    try:
        variable = shlex.split(os.environ.get(VARIABLE, ""))
        config = _prepareconfig([*arguments, *tests], [CovSwitch()])
        try:
            parser = config._parser  # noqa: SLF001 - the only way to get the parser with all plugins' options
            given = parser.parse_known_args([*variable, *arguments])
            typed = parser.parse_known_args(list(arguments))
            default = parser.parse_known_args([])
        finally:
            config._ensure_unconfigure()  # noqa: SLF001 - as `pytest.main` does at its end
    except Exception as error:
        # argparse puts the usage before the message, and pytest its own folders after it.
        reason = str(error).rpartition("error: ")[2].partition("\n")[0]
        msg = f"pytest can't read its arguments{_name_variable()}: {reason}"
        raise InputError(msg) from error
    except SystemExit as error:
        msg = f"pytest can't read its arguments{_name_variable()}"
        raise InputError(msg) from error
    chosen = {
        name: value for name, value in vars(given).items() if value != getattr(default, name, None)
    }
    if mode := find_mode_without_tests(chosen):
        msg = f"{mode} runs no tests, so there is nothing to measure; run pytest itself"
        raise InputError(msg)
    return {
        "expression": chosen.get("markexpr") or None,
        "paths": [str(path) for path in chosen.get(_PATHS) or ()],
        "narrowing": [*list_narrowing(chosen)],
        "unknown": list_unknown(chosen),
        "interactive": typed.capture == "no" or typed.usepdb or typed.trace,
        "spreads": any(name in chosen for name in _SPREADING) or _without_xdist(chosen),
    }


def _name_variable() -> str:
    """Where else arguments stand than on the command line."""
    return f" (also those in {VARIABLE})" if os.environ.get(VARIABLE) else ""


def _without_xdist(chosen: dict[str, Any]) -> bool:
    return "no:xdist" in (chosen.get("plugins") or ())
