"""pytest's options that decide which tests run, by the names that pytest gives their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LEAVES_OUT = {
    "keyword": "-k",
    "markexpr": "-m",
    "deselect": "--deselect",
    "ignore": "--ignore",
    "ignore_glob": "--ignore-glob",
    "lf": "--last-failed",
    "stepwise": "--stepwise",
    "stepwise_skip": "--stepwise-skip",
    "inifilename": "-c",
    "noconftest": "--noconftest",
    "confcutdir": "--confcutdir",
    "group": "--group",
    "testmon": "--testmon",
}
"""Options that leave tests out, or replace the settings that select them."""

_RUNS_NOTHING = {
    "collectonly": "--collect-only",
    "setuponly": "--setup-only",
    "setupplan": "--setup-plan",
    "showfixtures": "--fixtures",
    "show_fixtures_per_test": "--fixtures-per-test",
    "markers": "--markers",
    "cacheshow": "--cache-show",
    "help": "--help",
    "version": "--version",
}
"""Options with which pytest shows something instead of running tests."""

_TOLERANT = {"reruns": "--reruns", "retries": "--retries"}
"""Options with which a test that fails is run again."""

_FAIL_NOTHING = {
    *("cacheprovider", "debugging", "faulthandler", "hypothesispytest", "logging", "pastebin"),
    *("pytest_cov", "random_order", "randomly", "stepwise", "sugar", "terminal", "tmpdir", "xdist"),
    *("xdist.looponfail",),
}
"""Plugins that decide where, in which order or how often tests run, not which of them fail."""

_COLLECTION_SETTINGS = ("python_", "testpaths", "norecursedirs", "collect_imported_tests")

_HARMLESS = {
    *("verbose", "quiet", "no_header", "no_summary", "no_fold_skipped", "fold_skipped"),
    *("reportchars", "disable_warnings", "max_warnings", "showlocals", "no_showlocals", "tbstyle"),
    *("xfail_tb", "show_capture", "showcapture", "fulltrace", "color", "code_highlight"),
    *("console_output_style", "force_short_summary", "pastebin", "durations", "durations_min"),
    *("maxfail", "capture", "strict", "strict_config", "strict_markers", "pythonwarnings"),
    *("usepdb", "usepdb_cls", "trace", "traceconfig", "debug", "runxfail", "setupshow"),
    *("plugins", "assertmode", "importmode", "import_mode", "rootdir", "pyargs", "keepduplicates"),
    *("continue_on_collection_errors", "collect_in_virtualenv", "file_or_dir", "override_ini"),
    *("cacheclear", "failedfirst", "newfirst", "stepwise_reset", "last_failed_no_failures"),
    *("doctestmodules", "doctestglob", "doctestreport", "doctest_ignore_import_errors"),
    *("doctest_continue_on_failure", "basetemp", "xmlpath", "junitprefix", "logger_disable"),
    *("numprocesses", "maxprocesses", "dist", "distload", "tx", "px", "maxworkerrestart"),
    *("maxschedchunk", "loadscopereorder", "testrunuid", "rsyncdir", "rsyncignore"),
    *("splits", "splitting_algorithm", "durations_path", "store_durations", "clean_durations"),
    *("allow_hosts", "allow_unix_socket", "disable_socket", "force_enable_socket"),
    *("reruns", "reruns_delay", "timeout", "report_log", "anyio_mode"),
}
"""Options of pytest and of common plugins that select no tests."""

_HARMLESS_FAMILIES = ("log_", "cov", "no_cov", "hypothesis_", "randomly_")
"""What the names of other such options begin with."""


def list_narrowing(values: Mapping[str, Any]) -> Iterator[str]:
    """List the options that leave tests out, as a user would write them.

    Args:
        values: Values of options that differ from their defaults.
    """
    for name, option in LEAVES_OUT.items():
        value = values.get(name)
        if value is True:
            yield option
        elif value:
            for argument in value if isinstance(value, list) else [value]:
                yield f"{option} {str(argument)!r}"
    for text in values.get("override_ini") or ():
        if text.startswith(_COLLECTION_SETTINGS):
            yield f"-o {text!r}"


def list_tolerant(values: Mapping[str, Any]) -> Iterator[str]:
    """List the options with which fewer tests fail, as a user would write them.

    Args:
        values: The values of options.
    """
    for name, option in _TOLERANT.items():
        if value := values.get(name):
            yield f"{option} {value}"
    if values.get("assertmode") == "plain":
        yield "--assert plain"
    for plugin in values.get("plugins") or ():
        name = str(plugin).strip()
        if name.startswith("no:") and name[len("no:") :].replace("-", "_") not in _FAIL_NOTHING:
            yield f"-p {name}"


def find_mode_without_tests(values: Mapping[str, Any]) -> str | None:
    """Return the option with which pytest runs no test, or None.

    Args:
        values: The values of options.
    """
    return next((option for name, option in _RUNS_NOTHING.items() if values.get(name)), None)


def list_unknown(values: Mapping[str, Any]) -> list[str]:
    """List the options, of plugins and conftest files, that may leave tests out.

    Args:
        values: Values of options that differ from their defaults.
    """
    return sorted(
        f"--{name.replace('_', '-')}"
        for name in values
        if name not in {*_HARMLESS, *LEAVES_OUT} and not name.startswith(_HARMLESS_FAMILIES)
    )
