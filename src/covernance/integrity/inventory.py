"""List the tests of a suite, from a run or from the source of its test files."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

import msgspec

from covernance.integrity.checks import count_checks
from covernance.model.snapshot import Snapshot

_SKIPPED = {"skipped", "xfailed"}
_SKIPPING = {"skip", "skipif", "xfail"}


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """One test function.

    Attributes:
        cases: Its number of parameter sets; 1 if only the source is known.
        skipped: How many of these are skipped or expected to fail.
        reason: Why one of these was skipped, if a run recorded it.
        marks: Its themes in a run, or all its markers in the source.
        body: Its code without name, decorators and parameters; "" if only a run is known.
        checks: How many assertions and other checks it has; None if only a run is known.
    """

    cases: int = 1
    skipped: int = 0
    reason: str = ""
    marks: frozenset[str] = frozenset()
    body: str = ""
    checks: int | None = None

    @property
    def ran(self) -> int:
        """How many of its cases were not skipped or expected to fail."""
        return self.cases - self.skipped


Inventory = Mapping[str, Function]
"""Tests by node id, without parameters: `tests/test_calc.py::TestZero::test_refused`."""


def list_run_tests(snapshot: Snapshot) -> Inventory:
    """List the tests that a run reported."""
    functions: dict[str, Function] = {}
    for node, result in snapshot.tests.items():
        name = _without_parameters(node)
        earlier = functions.get(name, Function(cases=0))
        functions[name] = Function(
            cases=earlier.cases + 1,
            skipped=earlier.skipped + (result.outcome in _SKIPPED),
            reason=earlier.reason or (result.reason if result.outcome in _SKIPPED else ""),
            marks=earlier.marks | frozenset(result.themes),
        )
    return functions


def explain_absences(snapshot: Snapshot) -> Mapping[str, str]:
    """Say why tests are not among those of a run, by the test or its whole file."""
    if snapshot.effects is None:
        return {}
    deselected = dict.fromkeys(map(_without_parameters, snapshot.effects.deselected), "deselected")
    files = snapshot.effects.skipped_files
    return {**{name: f"skipped: {reason}" for name, reason in files.items()}, **deselected}


def add_bodies(inventory: Inventory, sources: Mapping[str, str]) -> Inventory:
    """Add the bodies and checks of the tests that are defined in some source files."""
    defined = list_source_tests(sources)
    return {
        name: msgspec.structs.replace(test, body=defined[name].body, checks=defined[name].checks)
        if name in defined
        else test
        for name, test in inventory.items()
    }


def _without_parameters(node: str) -> str:
    path, separator, rest = node.partition("::")
    return path + separator + rest.partition("[")[0]


def list_source_tests(sources: Mapping[str, str]) -> Inventory:
    """List the tests defined in source files, by pytest's default names; skip unreadable ones."""
    functions: dict[str, Function] = {}
    for path, text in sources.items():
        # Sources may be invalid, or nested too deeply to be read.
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            module = ast.parse(text)
            functions |= _tests(module.body, path, _module_marks(module.body))
    return functions


def _tests(body: Iterable[ast.stmt], prefix: str, inherited: frozenset[str]) -> dict[str, Function]:
    functions: dict[str, Function] = {}
    for statement in _flat(body):
        if isinstance(statement, ast.ClassDef):
            marks = inherited | _marks(statement.decorator_list) | _module_marks(statement.body)
            functions |= _tests(statement.body, f"{prefix}::{statement.name}", marks)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            if not statement.name.startswith("test") or _is_fixture(statement):
                continue
            marks = inherited | _marks(statement.decorator_list)
            functions[f"{prefix}::{statement.name}"] = Function(
                skipped=int(bool(marks & _SKIPPING)),
                marks=marks,
                body="\n".join(map(ast.dump, statement.body)),
                checks=count_checks(statement.body),
            )
    return functions


def _flat(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, also those in `if`, `try`, `with` and loops, but not in definitions."""
    for statement in body:
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for child in ast.iter_child_nodes(statement):
                if isinstance(child, ast.stmt):
                    yield from _flat([child])
                elif isinstance(child, ast.ExceptHandler | ast.match_case):
                    yield from _flat(child.body)


def _is_fixture(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(_dotted(decorator)[-1:] == ["fixture"] for decorator in function.decorator_list)


def _module_marks(body: Iterable[ast.stmt]) -> frozenset[str]:
    """Return the markers in `pytestmark = pytest.mark.x`, or in a list of markers."""
    values: list[ast.expr] = []
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="pytestmark")], value=value):
                values = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    return _marks(values)


def _marks(expressions: Iterable[ast.expr]) -> frozenset[str]:
    """Return the names after `mark.` in decorators such as `@pytest.mark.skipif(...)`."""
    dotted = (_dotted(expression) for expression in expressions)
    return frozenset(names[-1] for names in dotted if names[-2:-1] == ["mark"])


def _dotted(expression: ast.expr) -> list[str]:
    """Split `pytest.mark.skipif(...)` into ["pytest", "mark", "skipif"]."""
    match expression:
        case ast.Call(func=function):
            return _dotted(function)
        case ast.Attribute(value=value, attr=name):
            return [*_dotted(value), name]
        case ast.Name(id=name):
            return [name]
    return []
