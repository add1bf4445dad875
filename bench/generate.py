"""Generate a project of any size; equal parameters give equal bytes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bench.themes import THEMES


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The size of a generated project.

    Attributes:
        files: Number of source modules.
        statements: Approximate statements per module; a fifth of them branch.
        tests: Number of tests, spread over the modules and the themes.
        seconds: Sleep time of each test.
    """

    files: int
    statements: int
    tests: int
    seconds: float = 0.0


def generate(folder: Path, shape: Shape) -> None:
    """Write the package `made/` and its `tests/` to `folder`."""
    package, tests = folder / "made", folder / "tests"
    for directory in (package, tests):
        directory.mkdir(parents=True)
    package.joinpath("__init__.py").touch()
    functions = max(1, shape.statements // 10)
    for number in range(shape.files):
        package.joinpath(f"module_{number:05}.py").write_text(
            "\n\n".join([f"NUMBER = {number}\n", *map(_function, range(functions))])
        )
    by_module: dict[int, list[int]] = {}
    for number in range(shape.tests):
        by_module.setdefault(number % shape.files, []).append(number)
    for module, numbers in by_module.items():
        head = f"import time\n\nimport pytest\n\nfrom made import module_{module:05} as module\n"
        body = [_test(number, functions, shape.seconds) for number in numbers]
        tests.joinpath(f"test_{module:05}.py").write_text("\n\n".join([head, *body]))


def _function(index: int) -> str:
    return (
        f"def work_{index}(value):\n"
        "    total = 0\n"
        "    for step in range(value):\n"
        "        if step % 2:\n"
        "            total += step\n"
        "        else:\n"
        "            total -= step\n"
        "    result = total * 2\n"
        "    again = result + value\n"
        "    return again\n"
    )


def _test(number: int, functions: int, seconds: float) -> str:
    pause = f"    time.sleep({seconds})\n" if seconds else ""
    return (
        f"@pytest.mark.{THEMES[number % len(THEMES)]}\n"
        f"def test_{number}():\n"
        f"{pause}"
        f"    for index in range({functions}):\n"
        f"        assert getattr(module, f'work_{{index}}')({number % 7}) is not None\n"
    )
