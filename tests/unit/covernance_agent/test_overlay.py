from __future__ import annotations

import os
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from covernance_agent import overlay
from covernance_agent.failures import ConfigError, MachineError

pytestmark = pytest.mark.architecture

FILES = {
    ".coveragerc": "[run]\nomit = a.py\n[report]\nexclude_also =\n    first$\n    second, third\n",
    "setup.cfg": "[metadata]\nname = x\n[coverage:run]\nomit = a.py\n"
    "[coverage:report]\nexclude_also =\n    first$\n    second, third\n",
    "tox.ini": "[tox]\n[coverage:run]\nomit = a.py\n"
    "[coverage:report]\nexclude_also =\n    first$\n    second, third\n",
    "pyproject.toml": '[tool.coverage.run]\nomit = ["a.py"]\n'
    '[tool.coverage.report]\nexclude_also = ["first$", "second, third"]\n',
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COVERAGE_RCFILE", raising=False)


def effective(source: list[str] | None = None) -> Coverage:
    path, _ = overlay.write_settings(Path("out"), source or ["calc"])
    return Coverage(config_file=path, data_file=None)


def check_needed(settings_in_force: Coverage) -> None:
    assert settings_in_force.get_option("run:branch") is True
    assert settings_in_force.get_option("run:relative_files") is True
    assert settings_in_force.get_option("run:source") == ["calc"]
    assert "subprocess" in settings_in_force.get_option("run:patch")  # type: ignore[operator]


def test_without_a_settings_file_a_run_has_what_it_needs() -> None:
    check_needed(effective())


@pytest.mark.parametrize("name", FILES)
def test_settings_in_every_file_that_coverage_reads_stay(name: str) -> None:
    Path(name).write_text(FILES[name], encoding="utf-8")
    before = Coverage(data_file=None)
    after = effective()
    check_needed(after)
    for option in ("run:omit", "report:exclude_also", "report:exclude_lines", "report:precision"):
        assert after.get_option(option) == before.get_option(option)
    assert after.get_option("run:omit") == ["a.py"]


def test_a_file_named_by_the_environment_is_the_one_in_force(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".coveragerc").write_text("[run]\nomit = wrong.py\n", encoding="utf-8")
    Path("other.cfg").write_text("[run]\nomit = right.py\n", encoding="utf-8")
    monkeypatch.setenv("COVERAGE_RCFILE", "other.cfg")
    assert effective().get_option("run:omit") == ["right.py"]


def test_other_patches_paths_and_plugins_options_stay() -> None:
    Path(".coveragerc").write_text(
        "[run]\npatch = _exit\nconcurrency = thread\n[paths]\nsource =\n    src\n    */site\n",
        encoding="utf-8",
    )
    settings = effective()
    assert settings.get_option("run:patch") == ["_exit", "subprocess"]
    assert settings.get_option("run:concurrency") == ["thread"]
    assert settings.config.paths == {"source": ["src", "*/site"]}


def test_the_context_of_child_processes_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COVERAGE_CONTEXT", "security")
    assert effective().get_option("run:context") == "security"


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("setting", "note"),
    [
        ("branch = false", "[run] branch = false is not used: branch = true is needed"),
        ("relative_files = off", "[run] relative_files = off is not used"),
        ("timid = true", "[run] timid is not used: the default tracer is used"),
        ("source_pkgs = calc", "[run] source_pkgs is not used: the suite's source"),
        ("include = calc/*", "[run] include is not used: the suite's source"),
        ("dynamic_context = test_function", "[run] dynamic_context is not used: contexts are"),
    ],
)
def test_a_contradicting_setting_is_replaced_and_reported(setting: str, note: str) -> None:
    Path(".coveragerc").write_text(f"[run]\n{setting}\n", encoding="utf-8")
    path, notes = overlay.write_settings(Path("out"), ["calc"])
    assert len(notes) == 1
    assert notes[0].startswith(f".coveragerc: {note}")
    check_needed(Coverage(config_file=path, data_file=None))


@pytest.mark.reliability
@pytest.mark.parametrize("setting", ["branch = true", "timid = false", "omit = x"])
def test_an_agreeing_setting_is_not_reported(setting: str) -> None:
    Path(".coveragerc").write_text(f"[run]\n{setting}\n", encoding="utf-8")
    assert overlay.write_settings(Path("out"), ["calc"])[1] == []


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".coveragerc", "[run]\nplugins = opinions\n[opinions]\nlevel = 3\n"),
        (
            "pyproject.toml",
            '[tool.coverage.run]\nplugins = ["opinions"]\n[tool.coverage.opinions]\nlevel = "3"\n',
        ),
    ],
)
def test_options_set_by_a_plugin_are_overridden(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    Path("opinions.py").write_text(
        "import coverage\n"
        "class Opinions(coverage.CoveragePlugin):\n"
        "    def configure(self, config):\n"
        "        config.set_option('run:branch', False)\n"
        "        config.set_option('run:source', ['.'])\n"
        "        config.set_option('report:precision', self.level)\n"
        "def coverage_init(registry, options):\n"
        "    plugin = Opinions()\n"
        "    plugin.level = int(options['level'])\n"
        "    registry.add_configurer(plugin)\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(".")
    Path(name).write_text(text, encoding="utf-8")
    path, notes = overlay.write_settings(Path("out"), ["calc"])
    assert notes == [f"{name}: a plugin sets branch, source; this run overrides it"]
    settings = Coverage(config_file=path, data_file=None)
    settings.sys_info()
    check_needed(settings)
    assert settings.get_option("report:precision") == 3


@pytest.mark.reliability
def test_settings_that_can_not_be_read_are_a_clear_error() -> None:
    Path(".coveragerc").write_text("[run]\nbranch = perhaps\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"coverage.py's configuration: .*perhaps"):
        overlay.write_settings(Path("out"), ["calc"])


@pytest.mark.reliability
def test_a_folder_that_can_not_be_created_is_a_clear_error() -> None:
    Path("out").touch()
    with pytest.raises(MachineError, match="can't be written"):
        overlay.write_settings(Path("out"), ["calc"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_any_pattern_survives_in_toml(patterns: list[str]) -> None:
    quoted = ", ".join(overlay._text(pattern) for pattern in patterns)
    text = f"[tool.coverage.run]\nomit = [{quoted}]\n"
    Path("pyproject.toml").write_bytes(text.encode())
    escaped = Coverage(data_file=None).get_option("run:omit")
    assert effective().get_option("run:omit") == escaped


def test_a_dollar_in_a_source_is_not_read_as_a_variable() -> None:
    os.environ.pop("x", None)
    assert effective(["a$x"]).get_option("run:source") == ["a$x"]


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".coveragerc", "[paths]\nsource =\n    calc\n    */site-packages/calc\n"),
        ("pyproject.toml", '[tool.coverage.paths]\nsource = ["calc", "*/site-packages/calc"]\n'),
    ],
)
def test_package_that_paths_maps_is_measured_wherever_it_is(name: str, text: str) -> None:
    Path("calc").mkdir()
    Path("calc/__init__.py").touch()
    Path(name).write_text(text, encoding="utf-8")
    settings_in_force = effective()
    check_needed(settings_in_force)
    assert settings_in_force.get_option("run:source_pkgs") == ["calc"]


@pytest.mark.reliability
@pytest.mark.parametrize("name", [".coveragerc", "pyproject.toml"])
def test_single_module_is_measured_by_its_name(name: str) -> None:
    Path(name).write_text(FILES[name], encoding="utf-8")
    Path("calc").mkdir()
    settings_in_force = effective(["calc", "one.py"])
    check_needed(settings_in_force)
    assert settings_in_force.get_option("run:source_pkgs") == ["one"]
    assert not effective(["one.py"]).get_option("run:source")


@pytest.mark.parametrize("name", [".coveragerc", "pyproject.toml"])
def test_an_installed_copy_counts_as_the_source_in_every_format(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "[tool.coverage.run]\nbranch = true\n"
        if name.endswith("toml")
        else "[run]\nbranch = true\n"
    )
    Path(name).write_text(text)
    for folder in ("src/calc", "site-packages/calc"):
        Path(folder).mkdir(parents=True)
        Path(folder, "__init__.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend("site-packages")
    monkeypatch.setattr("sys.path", [str(tmp_path / "site-packages")])
    paths = effective(["src/calc"]).get_option("paths")
    assert isinstance(paths, dict)
    assert ["src/calc", "*/site-packages/calc"] in paths.values()
