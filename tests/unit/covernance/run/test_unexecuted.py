from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from covernance.config import Suite
from covernance.engine.theme_result import ThemeResult
from covernance.model.counts import Counts
from covernance.model.snapshot import FileResult
from covernance.run.unexecuted import explain_unexecuted

pytestmark = pytest.mark.reliability

Build = Callable[..., ThemeResult]


def files(**executed: int) -> dict[str, FileResult]:
    """Files with two statements each; `__` in a name is a slash."""
    return {
        f"{name.replace('__', '/')}.py": FileResult(total=Counts(2, number), themes={})
        for name, number in executed.items()
    }


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (
            ("calc", "/env/site-packages/calc/__init__.py", ""),
            (
                "src/calc was never imported; calc came from /env/site-packages/calc/__init__.py; "
                "install it editable, or map that folder to the source in [paths] of coverage.py's "
                "settings"
            ),
        ),
        (
            ("calc", "src/calc/__init__.py", ""),
            (
                "src/calc: calc was imported from src/calc/__init__.py, but no line of it was "
                "recorded; look for code that stops coverage.py, such as sys.settrace or a debugger"
            ),
        ),
        (
            ("calc", "/env/site-packages/calc/__init__.py", "src/calc/b.py"),
            (
                "src/calc was never imported; calc came from /env/site-packages/calc/__init__.py, "
                "a copy from which src/calc/b.py differs; install the project again, or editable "
                "(`pip install --editable .`)"
            ),
        ),
        (
            None,
            (
                "nothing below src/calc was imported by any test; "
                "is `source` of [tool.covernance.suites.api] right?"
            ),
        ),
    ],
)
def test_cause_is_where_the_module_came_from(
    suite: Suite, finished: Build, origin: tuple[str, str, str] | None, text: str
) -> None:
    measured = msgspec.structs.replace(suite, source=("src/calc",))
    results = [
        finished(died=True),
        finished("security"),
        finished("reliability", origins={"src/calc": origin} if origin else {}),
    ]
    assert explain_unexecuted(measured, results, files(src__calc__a=0)) == (text,)


def test_sources_that_ran_need_no_cause(suite: Suite, finished: Build) -> None:
    measured = msgspec.structs.replace(suite, source=("lib", "apps/a", "empty"))
    counts = files(lib__a=0, lib__b=1, apps__a__x=0, apps__ab__x=1)
    (only,) = explain_unexecuted(measured, [finished()], counts)
    assert "nothing below apps/a " in only


def test_the_whole_repository_as_source_is_explained(suite: Suite, finished: Build) -> None:
    measured = msgspec.structs.replace(suite, source=(".",))
    assert explain_unexecuted(measured, [finished()], files(a=1)) == ()
    (only,) = explain_unexecuted(measured, [finished()], files(a=0))
    assert "nothing below . was" in only
