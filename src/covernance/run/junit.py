"""The JUnit XML of several passes, merged: each test once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec

from covernance import files
from covernance.config import UNTHEMED
from covernance.engine.theme_result import ThemeResult
from covernance.errors import InputError

_SEVERITY = ("", "skipped", "failure", "error")
"""The elements by which a test case shows its outcome, from the best to the worst."""

_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}
_DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"


class _Report(msgspec.Struct, frozen=True):
    """The report of one pass, and its theme."""

    theme: str
    path: Path


def merge_suite(name: str, results: Sequence[ThemeResult]) -> bytes:
    """Merge the reports of a suite's themes into one test suite called `name`.

    A test that ran in several themes has its worst outcome and its longest time. Its themes are
    properties.

    Raises:
        InputError: A report is damaged.
    """
    reports = [_Report(result.theme, result.junit) for result in results]
    suite = _merge(reports)
    suite.set("name", name)
    return _encode([suite])


def write_requested(results: Sequence[ThemeResult], root: Path) -> list[Path]:
    """Merge the reports that pytest's option `--junitxml` asks for, and write each to its path.

    A report has one test suite for each suite that ran.

    Args:
        results: The results of a run.
        root: The folder that paths are shown relative to.

    Returns:
        The paths, relative to the root if they are below it.

    Raises:
        InputError: A report is damaged.
    """
    reports: dict[str, dict[str, list[_Report]]] = {}
    for result in results:
        if result.record and result.record.junit and result.requested_junit.is_file():
            suites = reports.setdefault(result.record.junit, {})
            report = _Report(result.theme, result.requested_junit)
            suites.setdefault(result.suite, []).append(report)
    written = []
    for target, suites in reports.items():
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomic(path, _encode([_merge(suite) for suite in suites.values()]))
        written.append(path.relative_to(root) if path.is_relative_to(root) else path)
    return written


def _merge(reports: Iterable[_Report]) -> ET.Element:
    """Merge test suites into one that has the first one's name and properties."""
    merged = ET.Element("testsuite")
    cases: dict[tuple[str, str], ET.Element] = {}
    themes: dict[tuple[str, str], list[str]] = {}
    seconds = 0.0
    for report in reports:
        for suite in _read_suites(report.path):
            seconds += float(suite.get("time", "0"))
            for name, value in suite.attrib.items():
                merged.attrib.setdefault(name, value)
            if not len(merged):
                merged.extend(suite.findall("properties"))
            for case in suite.iter("testcase"):
                key = (case.get("classname", ""), case.get("name", ""))
                if report.theme not in themes.setdefault(key, []):
                    themes[key].append(report.theme)
                cases[key] = _worst(cases[key], case) if key in cases else case
    for key, case in sorted(cases.items()):
        _add_themes(case, themes[key])
        merged.append(case)
    merged.attrib |= _count(cases.values()) | {"time": f"{seconds:.3f}"}
    return merged


def _read_suites(path: Path) -> list[ET.Element]:
    try:
        return list(ET.parse(path).iter("testsuite"))  # noqa: S314 - pytest's own report of this run
    except FileNotFoundError:
        return []
    except ET.ParseError as error:
        msg = f"{path}: the JUnit XML of a pass is damaged ({error}); run its suite again"
        raise InputError(msg) from error


def _worst(before: ET.Element, after: ET.Element) -> ET.Element:
    worst = max(before, after, key=lambda case: _SEVERITY.index(_outcome(case)))
    times = (float(case.get("time", "0")) for case in (before, after))
    worst.set("time", f"{max(times):.3f}")
    return worst


def _outcome(case: ET.Element) -> str:
    outcomes = [child.tag for child in case if child.tag in _SEVERITY]
    return max(outcomes, key=_SEVERITY.index, default="")


def _add_themes(case: ET.Element, themes: Iterable[str]) -> None:
    named = [theme for theme in themes if theme != UNTHEMED]
    if not named:
        return
    properties = case.find("properties")
    if properties is None:
        properties = ET.Element("properties")
        case.insert(0, properties)
    for theme in named:
        ET.SubElement(properties, "property", name="theme", value=theme)


def _count(cases: Iterable[ET.Element]) -> dict[str, str]:
    outcomes = [_outcome(case) for case in cases]
    tally = Counter(outcomes)
    return {"tests": str(len(outcomes))} | {
        attribute: str(tally[tag]) for tag, attribute in _COUNTED.items()
    }


def _encode(suites: Iterable[ET.Element]) -> bytes:
    root = ET.Element("testsuites", name="pytest tests")
    root.extend(suites)
    return _DECLARATION + ET.tostring(root)
