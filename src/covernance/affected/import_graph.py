"""Who imports whom, as grimp tells a process of its own.

In its own, because packages are found on `sys.path` and in `sys.modules`, which belong to the
caller. It reads a `Question` from standard input and writes an `Answer`.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import msgspec


class Question(msgspec.Struct):
    """The folders that imports begin at, absolute, and the top-level packages in them."""

    roots: list[str]
    packages: list[str]


class Answer(msgspec.Struct):
    """For each module the modules that it imports; those of other packages by their first name."""

    imports: dict[str, list[str]]


def answer(question: Question) -> Answer:
    """Build the graph of all packages that lie where they were looked for."""
    import grimp  # noqa: PLC0415 - an optional dependency, asked for in this process alone

    sys.path[:0] = question.roots
    packages = [name for name in question.packages if _is_in(question.roots, name)]
    if not packages:
        return Answer({})
    graph = grimp.build_graph(*packages, include_external_packages=True, cache_dir=None)
    return Answer(
        {
            module: sorted(graph.find_modules_directly_imported_by(module))
            for module in sorted(graph.modules)
            if not graph.is_module_squashed(module)
        }
    )


def _is_in(roots: list[str], package: str) -> bool:
    spec = find_spec(package)
    found = (spec.submodule_search_locations if spec else None) or ()
    return any(Path(folder).parent == Path(root) for folder in found for root in roots)


if __name__ == "__main__":
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    sys.stdout.buffer.write(msgspec.json.encode(answer(asked)))
