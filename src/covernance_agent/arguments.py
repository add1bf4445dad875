"""The meaning of the pytest arguments that a user gave, read by pytest's own parser.

Plugins and conftest files add options, so only pytest knows whether a word is an option's value or
a path. The environment's pytest is configured as for a run. Then its parser reads the user's words
again, without the options from ini files and environment variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from _pytest.config import _prepareconfig

from covernance_agent.failures import InputError
from covernance_agent.narrowing import list_given

_PATHS = "file_or_dir"
_ONE_FILE = {
    "basetemp": "--basetemp",
    "xmlpath": "--junit-xml",
    "log_file": "--log-file",
    "report_log": "--report-log",
}
_SPREADING = ("numprocesses", "dist", "tx")


def parse(arguments: Sequence[str], tests: Sequence[str]) -> dict[str, Any]:
    """Read the arguments that a user gave.

    Args:
        arguments: The user's arguments.
        tests: The suite's own paths, whose conftest files may add options.

    Returns:
        `expression` (of `-m`, or None), `paths`, `narrowing` (each option as a user would write
        it), `interactive` (pytest needs the terminal), `spreads` (the user chooses how many
        processes run tests), `one_file` (an option naming a file that passes can't share, or None).

    Raises:
        InputError: pytest can't read them; the message contains pytest's own.
    """
    try:
        config = _prepareconfig([*arguments, *tests], None)
        try:
            parser = config._parser  # noqa: SLF001 - the only way to get the parser with all plugins' options
            given = parser.parse_known_args(list(arguments))
            default = parser.parse_known_args([])
        finally:
            config._ensure_unconfigure()  # noqa: SLF001 - as `pytest.main` does at its end
    except Exception as error:
        # argparse puts the usage before the message, and pytest its own folders after it.
        reason = str(error).rpartition("error: ")[2].partition("\n")[0]
        msg = f"pytest can't read its arguments: {reason}"
        raise InputError(msg) from error
    except SystemExit as error:
        msg = "pytest can't read its arguments"
        raise InputError(msg) from error
    chosen = {
        name: value for name, value in vars(given).items() if value != getattr(default, name, None)
    }
    return {
        "expression": chosen.get("markexpr") or None,
        "paths": [str(path) for path in chosen.get(_PATHS) or ()],
        "narrowing": [*list_given(chosen)],
        "interactive": given.capture == "no" or _is_on(chosen, "usepdb", "trace"),
        "spreads": any(name in chosen for name in _SPREADING) or _without_xdist(chosen),
        "one_file": next((option for name, option in _ONE_FILE.items() if name in chosen), None),
    }


def _is_on(chosen: dict[str, Any], *names: str) -> bool:
    return any(chosen.get(name) for name in names)


def _without_xdist(chosen: dict[str, Any]) -> bool:
    return "no:xdist" in (chosen.get("plugins") or ())
