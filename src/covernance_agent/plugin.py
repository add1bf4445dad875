"""The pytest plugin of a pass: records its tests and outcomes, and switches contexts.

Only the tool loads it (`-p covernance_agent.plugin --covernance-record=FILE`). It runs in
the pytest process, in pytest-xdist's controller and in its workers. The process that reports to the
user writes the record. PYTEST_DONT_REWRITE: there are no assertions to rewrite here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Sequence
from os import getppid
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from covernance_agent.context_name import dynamic_part, full_name
from covernance_agent.cov_switch import CovSwitch
from covernance_agent.junit_report import JunitReport
from covernance_agent.marker_names import MarkerNames, compare_markers, list_names
from covernance_agent.origins import find_origins
from covernance_agent.placement import Placement
from covernance_agent.pytest_settings import (
    Setting,
    find_outcome_hooks,
    list_plugins,
    read_settings,
)
from covernance_agent.record import Collected, progress_path, write_record
from covernance_agent.selection import find_mode_without_tests
from covernance_agent.tally import Tally
from covernance_agent.untouched import Untouched

_PLAIN_ID = pytest.StashKey[str]()
"""A test's own node id, if pytest-xdist has appended its group."""

_SPLIT = "pytestsplitplugin"
"""The name under which pytest-split registers the plugin that selects the tests of a shard."""

_COV_SWITCH = pytest.StashKey[CovSwitch]()
_PLACEMENT = pytest.StashKey[Placement]()
_SETTINGS = pytest.StashKey[dict[str, Setting]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that the tool passes."""
    group = parser.getgroup("covernance")
    group.addoption(
        "--covernance-record", metavar="FILE", help="write the record of this pass to FILE"
    )
    group.addoption(
        "--covernance-theme", metavar="THEME", default="", help="the theme that this pass selects"
    )
    group.addoption(
        "--covernance-themes", metavar="A,B", default="", help="all themes of the suite"
    )
    group.addoption(
        "--covernance-select", metavar="EXPR", default="", help="the table's marker expression"
    )
    group.addoption(
        "--covernance-check-markers",
        action="store_true",
        help="run no test if themes or the table's marker expression name unknown markers",
    )
    group.addoption(
        "--covernance-place",
        metavar="NAME",
        default="",
        help="part of the names of this pass's files",
    )
    group.addoption(
        "--covernance-contexts",
        choices=("theme", "test"),
        default="theme",
        help="measure one context per theme or one per test",
    )


# Hook wrappers use the older `hookwrapper`, which every pytest from 7 on supports.


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Switch pytest-cov off before it starts."""
    if early_config.known_args_namespace.covernance_record:
        switch = early_config.stash[_COV_SWITCH] = CovSwitch()
        switch.turn_off(early_config)
    yield


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Adapt the options in force to a pass, before any other plugin reads them.

    Raises:
        pytest.UsageError: With an option in force, pytest runs no tests.
    """
    if not config.getoption("covernance_record") or hasattr(config, "workerinput"):
        return
    if mode := find_mode_without_tests(vars(config.option)):
        msg = f"{mode} is in force, from addopts or PYTEST_ADDOPTS. It runs no tests; remove it"
        raise pytest.UsageError(msg)
    config.stash[_SETTINGS] = read_settings(config)
    if select := config.getoption("covernance_select"):
        other = config.option.markexpr
        config.option.markexpr = f"({select}) and ({other})" if other else select
    folder = Path(config.getoption("covernance_record")).parent
    placement = Placement(folder, config.getoption("covernance_place"))
    config.stash[_PLACEMENT] = placement
    placement.apply(config)


def pytest_configure(config: pytest.Config) -> None:
    """Start recording if the tool asks for it."""
    if config.getoption("covernance_record"):
        config.pluginmanager.register(Recorder(config), "covernance-recorder")
        if not hasattr(config, "workerinput"):
            folder = Path(config.getoption("covernance_record")).parent
            config.pluginmanager.register(JunitReport(folder), "covernance-junit")
        if config.getoption("covernance_contexts") == "test":
            tests = TestContexts(config.getoption("covernance_theme"))
            config.pluginmanager.register(tests, "covernance-contexts")


class Recorder:
    """Records the tests of one pass and their outcomes."""

    def __init__(self, config: pytest.Config) -> None:
        """Record the pass of `config`."""
        self._config = config
        self._path = Path(config.getoption("covernance_record"))
        self._theme: str = config.getoption("covernance_theme")
        self._themes = config.getoption("covernance_themes").split(",")
        self._markers = MarkerNames([], [])
        self._parent = getppid()
        self._untouched = Untouched()
        self._collected: Collected | None = None
        self._plain_ids: dict[str, str] = {}
        self._origins: dict[str, tuple[str, str, str]] = {}
        self._tally = Tally()
        self._errors: set[str] = set()
        self._progress: BinaryIO | None = None
        self._split: Any = None

    @property
    def _is_worker(self) -> bool:
        return hasattr(self._config, "workerinput")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Take over from pytest-split, which must see the tests of this theme only."""
        self._split = self._config.pluginmanager.unregister(name=_SPLIT)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, items: list[pytest.Item]
    ) -> Generator[None, None, None]:
        """Select the tests of this pass among those that run without covernance.

        Options, conftest files and plugins select from all tests of the suite first, just as if
        pytest ran alone.
        """
        everything = [(item, item.nodeid) for item in items]
        yield
        for item, before in everything:
            if item.nodeid.startswith(f"{before}@"):
                item.stash[_PLAIN_ID] = self._plain_ids[item.nodeid] = before
        self._markers = self._compare_markers([item for item, _ in everything])
        if self._markers.unknown:
            items[:] = []
            return
        remaining = {_plain_id(item) for item in items}
        unthemed = [_plain_id(item) for item in items if not self._themes_of(item)]
        others = [item for item in items if not self._selects(item)]
        items[:] = [item for item in items if self._selects(item)]
        tests_of_pass = [_plain_id(item) for item in items]
        if others:
            self._config.hook.pytest_deselected(items=others)
        if self._split is not None:
            self._split.pytest_collection_modifyitems(self._config, items)
        selected = {_plain_id(item): self._themes_of(item) for item in items}
        self._collected = Collected(
            selected=selected,
            unthemed=unthemed,
            deselected=[
                _plain_id(item)
                for item, _ in everything
                if self._selects(item) and _plain_id(item) not in remaining
            ],
            elsewhere=[nodeid for nodeid in tests_of_pass if nodeid not in selected],
        )

    def _compare_markers(self, tests: Sequence[pytest.Item]) -> MarkerNames:
        """Compare the names in the table; a file that can't be collected may have any marker."""
        if self._errors or not self._config.getoption("covernance_check_markers"):
            return MarkerNames([], [])
        select = self._config.getoption("covernance_select")
        themes = [theme for theme in self._themes if theme]
        used = [*themes, *(list_names(select) if select else [])]
        return compare_markers(used, self._config, tests)

    def _themes_of(self, item: pytest.Item) -> list[str]:
        return [theme for theme in self._themes if theme and item.get_closest_marker(theme)]

    def _selects(self, item: pytest.Item) -> bool:
        if not self._theme:
            return True  # all themes at once, to repeat the tests of a suite
        themes = self._themes_of(item)
        return self._theme in themes if self._theme in self._themes else not themes

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Switch the context, also for child processes: from now on the tests run."""
        self._begin(len(session.items))
        _switch(self._theme)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """A worker of pytest-xdist has collected; all workers collect the same."""
        self._begin(len(ids))

    def _begin(self, tests: int) -> None:
        if self._progress is None and not self._is_worker:
            self._progress = progress_path(self._path).open("wb", buffering=0)
            self._progress.write(b"%d\n" % tests)

    def pytest_runtest_logfinish(self) -> None:
        """Count a test that ended."""
        if self._progress:
            self._progress.write(b".")

    def pytest_runtest_logstart(self) -> None:
        """Stop if the run that started this pass was killed, as nothing will read the record."""
        if not self._is_worker and getppid() != self._parent:
            pytest.exit("the run that started this pass is gone", returncode=3)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record what could not be collected."""
        if report.failed:
            self._errors.add(report.nodeid)
        self._tally.add_file(report)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a report, after pytest has failed a test for its subtests."""
        self._tally.add(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ANN401, ARG002 - pytest-xdist's hook
        """Store what a worker collected, unless it ended before; all workers collect the same."""
        content = json.loads(getattr(node, "workeroutput", {}).get("covernance", "{}"))
        if content.get("markers", ([],))[0]:
            self._markers = MarkerNames(*content["markers"])
        if content.get("collected"):
            self._collected = Collected(*content["collected"])
            self._plain_ids.update(content["plain_ids"])
            self._origins.update(content["origins"])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the record, or pass the collection from the worker to the controller."""
        with self._untouched.used():
            self._finish(exitstatus)

    def _finish(self, exitstatus: int) -> None:
        folder = Path(self._config.invocation_params.dir)
        self._origins.update(find_origins(_measured_folders(), folder))
        if self._is_worker:
            output = self._config.workeroutput  # type: ignore[attr-defined]
            output["covernance"] = json.dumps(
                {
                    "collected": self._collected,
                    "plain_ids": self._plain_ids,
                    "origins": self._origins,
                    "markers": self._markers,
                }
            )
            return
        if self._progress:
            self._progress.close()
        plain_ids, tally = self._plain_ids, self._tally
        outcomes = {plain_ids.get(test, test): end for test, end in tally.outcomes.items()}
        seconds = {plain_ids.get(test, test): time for test, time in tally.seconds.items()}
        entered = {plain_ids.get(test, test) for test in tally.entered}
        reran = {plain_ids.get(test, test) for test in tally.reran}
        settings = self._config.stash[_SETTINGS]
        settings["hooks"] = find_outcome_hooks(self._config, folder)
        placement, switch = self._config.stash[_PLACEMENT], self._config.stash[_COV_SWITCH]
        write_record(
            self._path,
            {
                "exit": int(exitstatus),
                "collected": (self._collected or Collected({}, [], [], []))._asdict(),
                "has_collected": self._collected is not None,
                "outcomes": outcomes,
                "seconds": seconds,
                "collection_errors": sorted(self._errors),
                "overwritten": placement.list_overwritten(),
                "junit": placement.junit,
                "notes": [switch.note] if switch.note else [],
                "reran": sorted(reran),
                "not_entered": sorted(outcomes.keys() - entered),
                "origins": self._origins,
                "reasons": {plain_ids.get(test, test): why for test, why in tally.reasons.items()},
                "settings": {name: setting._asdict() for name, setting in settings.items()},
                "plugins": list_plugins(self._config),
                "unknown_markers": self._markers.unknown,
                "known_markers": self._markers.known,
            },
        )


class TestContexts:
    """Gives each test its own context.

    The context of a fixture shared by several tests is that of its scope: the class, the file or
    the folder. The context of a session fixture is that of the theme.
    """

    def __init__(self, theme: str) -> None:
        """Switch in the pass of `theme`."""
        self._theme = theme
        self._current = ""

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, None, None]:
        """Switch to the context of a test; after the last one, to that of the theme."""
        self._enter(_plain_id(item))
        yield
        if nextitem is None:
            self._enter("")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, None, None]:
        """Leave the context of the test while a fixture shared by several tests is set up."""
        if fixturedef.scope == "function":
            yield
            return
        test = self._current
        self._enter(request.node.nodeid)
        yield  # a `hookwrapper` is resumed even if the fixture failed
        self._enter(test)

    def _enter(self, nodeid: str) -> None:
        self._current = nodeid
        _switch(self._theme, nodeid)


def _switch(theme: str, test: str = "") -> None:
    """Measure under the context of a test from now on, in new child processes too.

    Without a test, under the context of the theme after collection.
    """
    coverage = sys.modules.get("coverage")
    running = coverage.Coverage.current() if coverage else None
    if running is None:
        return
    running.switch_context(dynamic_part(test))
    # Child processes take their context from a variable or, with newer versions of coverage.py,
    # from the serialized settings.
    os.environ["COVERAGE_CONTEXT"] = full_name(theme, test)
    if "COVERAGE_PROCESS_CONFIG" in os.environ:
        running.set_option("run:context", full_name(theme, test))
        os.environ["COVERAGE_PROCESS_CONFIG"] = running.config.serialize()


def _plain_id(item: pytest.Item) -> str:
    """The node id of a test; `--dist=loadgroup` appends a group to it, but only in workers."""
    return item.stash.get(_PLAIN_ID, item.nodeid)


def _measured_folders() -> list[str]:
    """The sources of the suite, from the settings with which coverage.py measures this process."""
    coverage = sys.modules.get("coverage")
    running = coverage.Coverage.current() if coverage else None
    return list(running.get_option("run:source") or ()) if running else []
