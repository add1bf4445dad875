"""Contexts of single tests, like `contexts`, but only with coverage.py's documented interface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coverage import CoverageData

from covernance_agent.context_name import remove_test
from covernance_agent.data_file import opened
from covernance_agent.lines import encode


def lines_by_context(data_file: Path) -> dict[str, dict[str, str]]:
    """For each file of coverage data, the lines that each context executed."""
    ran: dict[str, dict[str, str]] = {}
    with _read(data_file) as data:
        for name in sorted(data.measured_files()):
            lines_of: dict[str, list[int]] = {}
            for line, contexts in data.contexts_by_lineno(name).items():
                for context in contexts:
                    lines_of.setdefault(context, []).append(line)
            ran[name] = {context: encode(lines) for context, lines in sorted(lines_of.items())}
    return ran


def merge_tests(data_file: Path) -> None:
    """Merge the contexts of single tests into those of their themes, in combined data."""
    merged_file = data_file.with_name(f"{data_file.name}.merged")
    with _read(data_file) as data, opened(merged_file) as merged:
        names = data.measured_files()
        for context in sorted(data.measured_contexts()):
            merged.set_context(remove_test(context))
            data.set_query_context(context)
            if data.has_arcs():
                merged.add_arcs({name: data.arcs(name) or [] for name in names})
            else:
                merged.add_lines({name: data.lines(name) or [] for name in names})
        data.set_query_contexts(None)
        merged.add_file_tracers({name: data.file_tracer(name) or "" for name in names})
        merged.write()
    merged_file.replace(data_file)


@contextmanager
def _read(data_file: Path) -> Iterator[CoverageData]:
    with opened(data_file) as data:
        data.read()
        yield data
