from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import coverage
import pytest

from covernance_agent import plugin
from covernance_agent.cov_switch import CovSwitch
from covernance_agent.marker_names import MarkerNames
from covernance_agent.placement import Placement
from covernance_agent.plugin import (
    _COV_SWITCH,
    _PLACEMENT,
    _SETTINGS,
    Recorder,
    pytest_load_initial_conftests,
)
from covernance_agent.record import SCHEMA, Collected

pytestmark = pytest.mark.architecture

TESTS = """
import pytest

@pytest.mark.security
def test_good(): pass

@pytest.mark.security
@pytest.mark.reliability
def test_two(): pass

@pytest.mark.reliability
def test_other(): pass

def test_plain(): pass

@pytest.mark.security
class TestOutcomes:
    def test_bad(self): assert False
    def test_skip(self): pytest.skip()
    @pytest.mark.xfail
    def test_xfail(self): assert False
    @pytest.mark.xfail
    def test_xpass(self): pass
    @pytest.fixture
    def broken(self): raise RuntimeError
    def test_error(self, broken): pass
"""


RETRIES = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    item.attempts = getattr(item, "attempts", 0) + (report.when == "call")
    if report.failed and item.attempts < 3:
        report.outcome = "{outcome}"
    return report

def pytest_runtest_protocol(item, nextitem):
    from _pytest.runner import runtestprotocol
    for attempt in range(3):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        if all(report.outcome != "{outcome}" for report in reports):
            return True
"""
SHARED = """
import pytest
pytestmark = pytest.mark.security

@pytest.fixture(scope="session")
def server(): return 1

@pytest.fixture(scope="module")
def client(server): return server

@pytest.fixture
def own(client): return client

def test_first(own): pass

@pytest.fixture(scope="class", params=[1, 2])
def kind(request): return request.param

class TestMore:
    def test_kind(self, kind, own): pass
"""
SHAKY = """
import pytest
pytestmark = pytest.mark.security
tries = []

def test_good(): pass
def test_shaky():
    tries.append(1)
    assert len(tries) > 1
def test_bad(): assert False
"""


class Record(NamedTuple):
    """The record of a pass, as it is in its file."""

    schema: int
    exit: int
    collected: Collected
    outcomes: dict[str, str]
    seconds: dict[str, float]
    collection_errors: list[str]
    overwritten: list[list[str]]
    junit: str
    notes: list[str]
    reran: list[str]
    has_collected: bool
    not_entered: list[str]
    origins: dict[str, list[str]]
    reasons: dict[str, str]
    settings: dict[str, Any]
    plugins: dict[str, str]
    unknown_markers: list[str]
    known_markers: list[str]

    @property
    def complete(self) -> bool:
        """Whether every selected test ran to its end."""
        return not self.collection_errors and self.collected.selected.keys() <= self.outcomes.keys()


def read_record(path: Path) -> Record:
    plain = json.loads(path.read_bytes())
    assert plain["schema"] == SCHEMA
    return Record(**{**plain, "collected": Collected(**plain["collected"])})


class FakeCoverage:
    """Replaces the measurement of a pass, so that the measurement of this test is not switched."""

    def __init__(self) -> None:
        self.contexts: list[str] = []
        self.options: dict[str, object] = {}
        self.config = SimpleNamespace(serialize=lambda: f"serialized {self.options}")

    def switch_context(self, context: str) -> None:
        self.contexts.append(context)

    def get_option(self, name: str) -> object:
        return self.options.get(name)

    def set_option(self, name: str, value: object) -> None:
        self.options[name] = value


@pytest.fixture
def measurement(monkeypatch: pytest.MonkeyPatch) -> FakeCoverage:
    fake = FakeCoverage()
    monkeypatch.setattr(coverage.Coverage, "current", lambda: fake)
    monkeypatch.setenv("COVERAGE_PROCESS_CONFIG", "before")
    return fake


def one_pass(pytester: pytest.Pytester, theme: str = "security", *more: str) -> Record:
    pytester.makeini("[pytest]\nmarkers =\n    security\n    reliability\n")
    path = pytester.path / "record.json"
    pytester.runpytest_inprocess(
        *("-p", "covernance_agent.plugin", "-p", "no:randomly", f"--covernance-record={path}"),
        *(f"--covernance-theme={theme}", "--covernance-themes=reliability,security"),
        *more,
    )
    return read_record(path)


def names(tests: object) -> set[str]:
    assert isinstance(tests, (dict, list))
    return {test.rpartition("::")[2] for test in tests}


def test_a_pass_records_its_tests_with_all_their_themes(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(TESTS)
    record = one_pass(pytester)
    assert record.exit == 1
    assert "test_other" not in names(record.collected.selected)
    themes = {test.rpartition("::")[2]: t for test, t in record.collected.selected.items()}
    assert themes["test_two"] == ["reliability", "security"]
    assert names(record.collected.unthemed) == {"test_plain"}
    assert record.collected.deselected == []
    assert record.complete


def test_settings_are_recorded_by_name_with_their_origin(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(TESTS)
    record = one_pass(pytester)
    assert record.settings["python_files"] == {
        "value": ["test_*.py", "*_test.py"],
        "origin": "default",
    }


def test_every_outcome_is_distinguished(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(TESTS)
    outcomes = {t.rpartition("::")[2]: o for t, o in one_pass(pytester).outcomes.items()}
    assert outcomes == {
        "test_good": "passed",
        "test_two": "passed",
        "test_bad": "failed",
        "test_skip": "skipped",
        "test_xfail": "xfailed",
        "test_xpass": "xpassed",
        "test_error": "error",
    }


@pytest.mark.security
def test_tests_deselected_by_other_options_are_counted(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(TESTS)
    record = one_pass(pytester, "security", "-k", "good")
    assert names(record.collected.selected) == {"test_good"}
    assert len(record.collected.deselected) == 6


def test_without_a_theme_every_test_runs(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    every = one_pass(pytester, "")
    themes = [one_pass(pytester, theme) for theme in ("security", "reliability", "unthemed")]
    selected = {test for record in themes for test in record.collected.selected}
    assert every.collected.selected.keys() == selected
    assert every.collected.deselected == []


def test_the_unthemed_pass_selects_the_rest(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(TESTS)
    record = one_pass(pytester, "unthemed")
    assert names(record.collected.selected) == {"test_plain"}
    assert record.collected.deselected == []


def test_the_context_switches_once_when_collection_ends(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(TESTS)
    one_pass(pytester)
    assert measurement.contexts == ["run"]


def test_children_started_by_tests_inherit_the_switched_context(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(
        """
        import json, os, pytest

        @pytest.mark.security
        def test_child():
            names = ("COVERAGE_CONTEXT", "COVERAGE_PROCESS_CONFIG")
            with open("seen.json", "w") as seen:
                json.dump([os.environ[name] for name in names], seen)
        """
    )
    one_pass(pytester)
    seen = json.loads(Path("seen.json").read_text())
    assert seen == ["security|run", "serialized {'run:context': 'security|run'}"]


@pytest.mark.reliability
def test_without_a_measurement_no_context_is_switched(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage.Coverage, "current", lambda: None)
    pytester.makepyfile(TESTS)
    assert one_pass(pytester).complete


@pytest.mark.reliability
def test_the_group_that_xdist_appends_to_a_test_is_taken_off(tmp_path: Path) -> None:
    items = [
        SimpleNamespace(nodeid=nodeid, stash=pytest.Stash(), get_closest_marker="security".__eq__)
        for nodeid in ("t::a[x@y]", "t::b", "t::c")
    ]
    recorder = Recorder(pass_config(tmp_path))
    collection = recorder.pytest_collection_modifyitems(cast("list[pytest.Item]", items))
    next(collection)
    items[0].nodeid += "@a group@b"
    items[2].nodeid = "named by a plugin"
    with pytest.raises(StopIteration):
        next(collection)
    for item in items:
        report = SimpleNamespace(nodeid=item.nodeid, outcome="passed", when="call", duration=1.5)
        recorder.pytest_runtest_logreport(cast("pytest.TestReport", report))
    recorder.pytest_sessionfinish(0)
    record = read_record(tmp_path / "r.json")
    expected = {"t::a[x@y]", "t::b", "named by a plugin"}
    assert record.collected.selected.keys() == expected
    assert record.outcomes.keys() == record.seconds.keys() == expected
    assert record.not_entered == []


@pytest.mark.reliability
def test_a_pass_that_stops_during_collection_says_so(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makeconftest(
        """
        import pytest
        def pytest_itemcollected(item):
            pytest.exit("enough", returncode=0)
        """
    )
    pytester.makepyfile(TESTS)
    record = one_pass(pytester)
    assert (record.exit, record.has_collected) == (0, False)


@pytest.mark.reliability
def test_tests_whose_code_did_not_run_are_listed(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.security
        def test_runs(): pass
        def test_fails(): assert False
        @pytest.mark.xfail
        def test_fails_as_expected(): assert False
        @pytest.mark.skip
        def test_skipped(): pass
        def test_skips_itself(): pytest.skip()
        @pytest.mark.xfail(run=False)
        def test_not_tried(): pass
        @pytest.fixture
        def broken(): raise RuntimeError
        def test_without_its_fixture(broken): pass
        """
    )
    assert names(one_pass(pytester).not_entered) == {
        "test_skipped",
        "test_skips_itself",
        "test_not_tried",
        "test_without_its_fixture",
    }


@pytest.mark.reliability
@pytest.mark.skipif(not find_spec("_pytest.subtests"), reason="subtests are part of pytest 9")
def test_subtests_count_as_pytest_counts_them(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(
        """
        import time, unittest
        import pytest
        pytestmark = pytest.mark.security

        def test_one_skipped(subtests):
            with subtests.test():
                pytest.skip()
        def test_one_fails_as_expected(subtests):
            with subtests.test():
                pytest.xfail()
        def test_one_fails(subtests):
            with subtests.test():
                assert False
        def test_slow(subtests):
            for number in range(2):
                with subtests.test(number=number):
                    time.sleep(0.1)
        class TestCase(unittest.TestCase):
            def test_good(self):
                with self.subTest():
                    pass
            def test_bad(self):
                with self.subTest():
                    self.fail()
        """
    )
    record = one_pass(pytester)
    assert {test.rpartition("::")[2]: end for test, end in record.outcomes.items()} == {
        "test_one_skipped": "passed",
        "test_one_fails_as_expected": "passed",
        "test_one_fails": "failed",
        "test_slow": "passed",
        "test_good": "passed",
        "test_bad": "failed",
    }
    (slow,) = (seconds for test, seconds in record.seconds.items() if "slow" in test)
    assert 0.2 <= slow < 0.3


@pytest.mark.reliability
def test_the_origin_of_the_measured_sources_is_recorded(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    measurement.set_option("run:source", ["src/sample_of_origins"])
    pytester.makepyfile(sample_of_origins="", test_it="import sample_of_origins")
    assert one_pass(pytester).origins == {
        "src/sample_of_origins": ["sample_of_origins", "sample_of_origins.py", ""]
    }


@pytest.mark.reliability
def test_a_file_that_can_not_be_collected_is_recorded(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile("def test_(:")
    record = one_pass(pytester)
    assert record.exit == 2
    assert len(record.collection_errors) == 1
    assert not record.complete


@pytest.mark.reliability
def test_a_pass_whose_run_was_killed_stops_at_the_next_test(
    pytester: pytest.Pytester, measurement: FakeCoverage, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.security

        def test_first(): pass
        def test_second(): pass
        def test_third(): pass
        """
    )
    parents = iter([7, 7, 7])
    monkeypatch.setattr("covernance_agent.plugin.getppid", lambda: next(parents, 1))
    record = one_pass(pytester)
    assert record.exit == 3
    assert not record.complete


def test_without_the_option_nothing_is_recorded(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_a(): pass")
    result = pytester.runpytest_inprocess("-p", "covernance_agent.plugin")
    result.assert_outcomes(passed=1)
    assert not list(pytester.path.glob("*.json"))


@pytest.mark.security
@pytest.mark.parametrize(
    ("record", "sources", "expected"),
    [("r.json", ["calc"], []), ("r.json", [], []), (None, ["calc"], ["calc"])],
)
def test_pytest_cov_is_switched_off_before_it_starts_if_a_pass_is_recorded(
    record: str | None, sources: list[str], expected: list[str]
) -> None:
    known = SimpleNamespace(covernance_record=record, cov_source=sources)
    config: Any = SimpleNamespace(known_args_namespace=known, stash=pytest.Stash())
    next(pytest_load_initial_conftests(config))
    assert known.cov_source == expected


@pytest.mark.security
@pytest.mark.parametrize("mode", ["--setup-plan", "--collect-only", "--markers"])
def test_a_mode_without_tests_is_an_error_that_names_it(
    pytester: pytest.Pytester, mode: str
) -> None:
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_inprocess(
        *("-p", "covernance_agent.plugin", "--covernance-record=record.json", mode)
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {mode} is in force*remove it"])


@pytest.mark.security
def test_the_tables_expression_is_joined_with_that_of_the_project(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(TESTS)
    select = "--covernance-select=not reliability"
    record = one_pass(pytester, "security", select, "-m", "not xfail")
    assert names(record.collected.selected) == {"test_good", "test_bad", "test_skip", "test_error"}
    assert "test_two" in names(record.collected.deselected)


@pytest.mark.security
def test_what_the_project_leaves_out_is_not_part_of_the_suite(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(TESTS)
    pytester.makeconftest(
        """
        def pytest_collection_modifyitems(config, items):
            assert config.option.markexpr == ""
            items[:] = [item for item in items if item.name not in ("test_plain", "test_good")]
        """
    )
    record = one_pass(pytester)
    assert "test_good" not in names(record.collected.selected)
    assert names(record.collected.deselected) == {"test_good"}
    assert record.collected.unthemed == []


@pytest.mark.security
def test_with_an_unknown_marker_no_test_runs(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(TESTS.replace("mark.security", "mark.securiti"))
    select = ("--covernance-select=not slwo and not securiti", "--covernance-check-markers")
    quiet = ("-W", "ignore::pytest.PytestUnknownMarkWarning")
    record = one_pass(pytester, "reliability", *select, *quiet)
    assert (record.exit, record.outcomes) == (pytest.ExitCode.NO_TESTS_COLLECTED, {})
    assert record.unknown_markers == ["slwo"]
    assert {"security", "securiti"} <= set(record.known_markers)


@pytest.mark.security
def test_markers_are_not_checked_if_tests_are_left_out_or_can_not_be_collected(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(TESTS)
    select = "--covernance-select=not slwo"
    assert one_pass(pytester, "security", select).unknown_markers == []
    pytester.makepyfile(test_other="def test_(:")
    record = one_pass(pytester, "security", select, "--covernance-check-markers")
    assert record.unknown_markers == []


def test_a_shard_runs_its_part_of_the_theme(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytest.importorskip("pytest_split")
    pytester.makepyfile(TESTS)
    durations = pytester.path / "durations.json"
    durations.write_text("{}")
    records = [
        one_pass(
            *(pytester, "security", "-k", "not good", "--splits=2", f"--group={group}"),
            f"--durations-path={durations}",
        )
        for group in (1, 2)
    ]
    parts = [names(record.collected.selected) for record in records]
    assert parts[0].isdisjoint(parts[1])
    assert all(parts)
    for record in records:
        assert names(record.collected.selected) | names(record.collected.elsewhere) == {
            *parts[0],
            *parts[1],
        }
        assert names(record.collected.deselected) == {"test_good"}


def test_a_junit_xml_that_an_option_asks_for_is_recorded_with_its_path(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makepyfile(TESTS)
    record = one_pass(pytester, "security", "--junitxml=out/report.xml")
    assert record.junit == str(pytester.path / "out/report.xml")
    assert (pytester.path / "requested.junit.xml").is_file()
    assert (pytester.path / "tests.junit.xml").is_file()
    assert not (pytester.path / "out").exists()


class NoHooks:
    """Hooks that nothing implements."""

    def __getattr__(self, name: str) -> object:
        return SimpleNamespace(get_hookimpls=list)


def pass_config(folder: Path, **more: object) -> Any:  # noqa: ANN401 - a double of pytest.Config
    options = {"record": str(folder / "r.json"), "theme": "security", "themes": "security"}
    options["check_markers"] = ""
    stash = pytest.Stash()
    stash[_PLACEMENT] = Placement(folder, "")
    stash[_COV_SWITCH] = CovSwitch()
    stash[_SETTINGS] = {}
    return SimpleNamespace(
        getoption=lambda name: options[name.removeprefix("covernance_")],
        option=SimpleNamespace(),
        invocation_params=SimpleNamespace(dir=folder),
        stash=stash,
        pluginmanager=SimpleNamespace(list_plugin_distinfo=list),
        hook=NoHooks(),
        **more,
    )


def test_a_worker_passes_its_collection_to_the_controller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "_measured_folders", list)  # this process may be measured itself
    worker_config = pass_config(tmp_path, workerinput={}, workeroutput={})
    worker = Recorder(worker_config)
    worker._collected = Collected({}, ["t::plain"], [], [])
    worker._origins["calc"] = ("calc", "elsewhere/calc.py", "")
    worker._plain_ids["t::a@db"] = "t::a"
    worker._markers = MarkerNames(["securty"], ["security"])
    worker.pytest_sessionfinish(0)
    early_config = pass_config(tmp_path, workerinput={}, workeroutput={})
    Recorder(early_config).pytest_sessionfinish(0)
    controller = Recorder(pass_config(tmp_path))
    controller.pytest_testnodedown(SimpleNamespace(), None)
    controller.pytest_testnodedown(worker_config, None)
    controller.pytest_testnodedown(early_config, None)
    passed = SimpleNamespace(nodeid="t::a@db", outcome="passed", when="call", duration=1.5)
    controller.pytest_runtest_logreport(cast("pytest.TestReport", passed))
    controller.pytest_sessionfinish(0)
    record = read_record(tmp_path / "r.json")
    assert record.collected.unthemed == ["t::plain"]
    assert record.has_collected
    assert (record.unknown_markers, record.known_markers) == (["securty"], ["security"])
    assert record.origins == {"calc": ["calc", "elsewhere/calc.py", ""]}
    assert (record.outcomes, record.seconds) == ({"t::a": "passed"}, {"t::a": 1.5})


@pytest.mark.reliability
@pytest.mark.parametrize("outcome", ["rerun", "retried"])
def test_a_repeated_test_has_its_last_outcome_and_is_listed_as_rerun(
    pytester: pytest.Pytester, measurement: FakeCoverage, outcome: str
) -> None:
    pytester.makeconftest(RETRIES.replace("{outcome}", outcome))
    pytester.makepyfile(SHAKY)
    record = one_pass(pytester)
    ends = {test.partition("::")[2]: end for test, end in record.outcomes.items()}
    assert ends == {"test_good": "passed", "test_shaky": "passed", "test_bad": "failed"}
    assert [test.partition("::")[2] for test in record.reran] == ["test_bad", "test_shaky"]


def contexts(pytester: pytest.Pytester, measurement: FakeCoverage, *options: str) -> list[str]:
    file = pytester.makepyfile(SHARED).name
    one_pass(pytester, "security", *options)
    return [context.replace(file, "FILE") for context in measurement.contexts]


def test_a_pass_with_one_context_per_theme_switches_once(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    assert contexts(pytester, measurement) == ["run"]


def test_each_test_and_each_shared_fixture_has_its_own_context(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    assert contexts(pytester, measurement, "--covernance-contexts=test") == [
        "run",
        "run|FILE::test_first",
        "run",
        "run|FILE::test_first",
        "run|FILE",
        "run|FILE::test_first",
        "run|FILE::TestMore::test_kind[1]",
        "run|FILE::TestMore",
        "run|FILE::TestMore::test_kind[1]",
        "run|FILE::TestMore::test_kind[2]",
        "run|FILE::TestMore",
        "run|FILE::TestMore::test_kind[2]",
        "run",
    ]


@pytest.mark.reliability
def test_a_child_process_has_the_context_of_the_test_that_starts_it(
    pytester: pytest.Pytester, measurement: FakeCoverage
) -> None:
    pytester.makeconftest(
        """
        import os, pytest

        @pytest.fixture(autouse=True)
        def seen():
            with open("seen.txt", "a") as stream:
                print(os.environ["COVERAGE_CONTEXT"], file=stream)
        """
    )
    contexts(pytester, measurement, "--covernance-contexts=test", "-k", "first")
    seen = (pytester.path / "seen.txt").read_text().splitlines()
    assert [context.partition(".py")[2] for context in seen] == ["::test_first"]
    assert seen[0].startswith("security|run|test_")
    assert os.environ["COVERAGE_CONTEXT"] == "security|run"
