"""Read sources as coverage.py does. Of its internals, the layer's static analysis knows these."""

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

from covernance_agent.source import Region, Source, branches, encode_regions, forks, packed

_SCHEMA = 3


class Rules(NamedTuple):
    """Which lines need not run, and which need not take all of their branches.

    Both are lists of regular expressions, as in coverage.py's configuration.
    """

    exclude: tuple[str, ...]
    partial: tuple[str, ...]

    @property
    def digest(self) -> str:
        """A name for all but the source itself that an analysis depends on."""
        tools = (_SCHEMA, coverage.__version__, sys.version, sys.implementation.cache_tag)
        content = repr((tools, self.exclude, self.partial))
        return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()[:32]


def analyse(path: Path, rules: Rules) -> Source | None:
    """Analyse a file of Python; None where coverage.py can't, which its reports tell better."""
    try:
        parser = PythonParser(filename=str(path), exclude=join_regex(rules.exclude))
        parser.parse_source()
        regions = _regions(parser)
        arcs = parser.arcs()
    except (CoverageException, SyntaxError, ValueError, RecursionError, OSError):
        return None
    no_branch = parser.lines_matching(join_regex(rules.partial))
    exits = forks(parser.exit_counts())
    return Source(
        statements=parser.statements,
        excluded=parser.excluded,
        no_branch=no_branch,
        first_lines=parser.multiline_map,
        steps=sorted(packed(arc) for arc in arcs),
        jumps=parser._with_jump_fixers,  # noqa: SLF001 - without it the source would be parsed for every report
        exits=exits,
        branches=branches(arcs, exits, no_branch, parser.excluded),
        regions=encode_regions(regions),
    )


def _regions(parser: PythonParser) -> list[Region]:
    """The functions and classes, from the tree that the parser has until its arcs are asked for."""
    finder = RegionFinder()
    if (tree := parser._ast_root) is not None:  # noqa: SLF001 - or every source would be parsed twice
        finder.handle_node(tree)
    return [Region(one.kind, one.name, one.start, one.lines) for one in finder.regions]
