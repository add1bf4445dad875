"""Small programs with every construct that coverage.py treats specially, for properties."""

from __future__ import annotations

import sys
from textwrap import indent

from hypothesis import strategies as st

_SIMPLE = (
    "x = 1",
    "x = max(\n    1,\n    2,\n)",
    'x = """two\nlines"""',
    "x = [i for i in range(3) if i]",
    "x = lambda: 1",
    "pass",
    "assert x, \\\n    'no x'",
    "if z:\n    raise ValueError(\n        x\n    )",
    "return_ = 0  # pragma: no cover",
    "if x: y = 1",
    "if TYPE_CHECKING:\n    import os",
    '"""A string."""',
    "...",
    "# a comment",
    "",
    "class Empty: pass",
)
_MATCH = (
    "match x:\n    case 1:\n        y = 1\n    case {{'a': b}} if b:\n        y = 2\n"
    "    case _:\n        y = 3\nif y:\n{0}\nelse:\n{1}"
)
_BLOCKS = (
    "if x:\n{0}\nelse:\n{1}",
    "if x:\n{0}\nelif y:  # pragma: no cover\n{1}",
    "if x:  # pragma: no branch\n{0}\nif y:\n{1}",
    "for i in range(\n    3\n):\n{0}\nelse:\n{1}",
    "while x:\n{0}\n    break\nelse:\n{1}",
    "while True:\n{0}\n    if x:\n        continue\n    if z:\n        break\nif y:\n{1}",
    "try:\n{0}\nexcept ValueError:\n{1}\nelse:\n{0}\nfinally:\n{1}",
    "with open(x) as a, \\\n        open(y):\n{0}\nif y:\n{1}",
    "with open(x):\n    with open(y):\n        if x:\n            z = 1\n{0}\nif y:\n{1}",
    *((_MATCH,) if sys.version_info >= (3, 10) else ()),
    "@decorated(\n    1\n)\ndef f(a, b=(\n    1\n)):\n    '''Doc.'''\n{0}\nif y:\n{1}",
    "async def g():\n    async with x as y:\n        await y\n{0}\nif y:\n{1}",
    "def h():  # pragma: no cover\n{0}\nif y:\n{1}",
    (
        "class C:\n    '''Doc.'''\n    def m(self):\n        def inner():\n            yield 1\n"
        "        if self:\n            return inner\n{0}\nif y:\n{1}"
    ),
    "while 1:\n{0}\n    with x:\n        break\nif y:\n{1}",
)


def _block(form: str, first: str, second: str) -> str:
    return form.format(indent(f"pass\n{first}", "    "), indent(f"pass\n{second}", "    "))


_STATEMENTS = st.recursive(
    st.sampled_from(_SIMPLE),
    lambda inner: st.builds(
        _block, st.sampled_from(_BLOCKS), *(st.lists(inner, max_size=3).map("\n".join),) * 2
    ),
    max_leaves=12,
)
SOURCES = st.lists(_STATEMENTS, max_size=5).map(lambda parts: "\n".join(parts) + "\n")
"""Source texts; some are empty or only comments, and some begin with a docstring."""

EVERYTHING = "\n".join([*_SIMPLE, *(_block(form, "x = 1", "y = 2") for form in _BLOCKS)]) + "\n"
"""One program with every construct."""
