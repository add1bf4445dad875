"""Static analysis of Python files with coverage.py's parser, which is not a public interface."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import NamedTuple

import coverage
from coverage.exceptions import CoverageException
from coverage.misc import join_regex
from coverage.parser import PythonParser
from coverage.regions import RegionFinder

from covernance_agent.failures import UNREADABLE
from covernance_agent.source import Region, Source, branches, encode_regions, forks, packed

_SCHEMA = 3


class Rules(NamedTuple):
    """Which lines are excluded, and which may leave branches untaken.

    Both are lists of regular expressions, as in coverage.py's configuration.
    """

    exclude: tuple[str, ...]
    partial: tuple[str, ...]

    @property
    def digest(self) -> str:
        """A digest of everything that an analysis depends on, except the source itself."""
        tools = (_SCHEMA, coverage.__version__, sys.version, sys.implementation.cache_tag)
        content = repr((tools, self.exclude, self.partial))
        return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()[:32]


def analyse(path: Path, rules: Rules) -> Source | None:
    """Analyse a Python file; None if coverage.py can't, which its own reports explain better."""
    try:
        parser = PythonParser(filename=str(path), exclude=join_regex(rules.exclude))
        parser.parse_source()
        regions = _regions(parser)
        arcs = parser.arcs()
    except (CoverageException, *UNREADABLE):
        return None
    no_branch = parser.lines_matching(join_regex(rules.partial))
    exits = forks(parser.exit_counts())
    return Source(
        statements=parser.statements,
        excluded=parser.excluded,
        no_branch=no_branch,
        first_lines=parser.multiline_map,
        steps=sorted(packed(arc) for arc in arcs),
        jumps=parser._with_jump_fixers,  # noqa: SLF001 - otherwise every report would parse the source again
        exits=exits,
        branches=branches(arcs, exits, no_branch, parser.excluded),
        regions=encode_regions(regions),
    )


def _regions(parser: PythonParser) -> list[Region]:
    """The functions and classes; the parser drops its syntax tree once `arcs` is called."""
    finder = RegionFinder()
    if (tree := parser._ast_root) is not None:  # noqa: SLF001 - otherwise every source would be parsed twice
        finder.handle_node(tree)
    return [
        Region(region.kind, region.name, region.start, region.lines) for region in finder.regions
    ]
