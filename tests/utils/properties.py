"""How many examples a property meets, by what one of them costs."""

from __future__ import annotations

from hypothesis import settings


def examples_divided_by(divisor: int) -> settings:
    """The settings of a property whose examples are slow: a share of the profile's examples.

    A number would be the same under every profile, and so too many for each run or too few for the
    scheduled one. Used at import, which is when the chosen profile is known.
    """
    return settings(max_examples=max(1, settings().max_examples // divisor))
