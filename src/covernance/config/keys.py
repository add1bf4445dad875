"""Declarations of the table's keys, each on the attribute that holds its value.

    fail_under: Annotated[Decimal, Key(FLOOR, "The lowest …", inherits=True)] = Decimal(90)

Validation, defaults, what counts as weakened, the reference page and the JSON schema follow.
"""

from __future__ import annotations

import functools
from typing import Annotated, Any, Union, get_args

import msgspec

from covernance.config.kinds import Kind, Weakening


class Key(msgspec.Struct, frozen=True):
    """The properties of a key that its attribute's type and default do not show.

    Attributes:
        kind: The kind of its value.
        help: Its description, in sentences, as Markdown.
        inherits: Whether a suite without this key uses the value of the same key in
            `[tool.covernance]`, which then needs no declaration there.
        fallback: For a table of numbers by name: the key whose number applies to other names.
        governs: Whether it decides how a change is judged: the value at the base counts as well.
        weakened_by: Which change demands less of the code, if the kind does not decide it.
        harmless: Why no change of the key demands less of the code.
    """

    kind: Kind
    help: str
    inherits: bool = False
    fallback: str = ""
    governs: bool = False
    weakened_by: Weakening | None = None
    harmless: str = ""

    def __post_init__(self) -> None:
        if bool(self.harmless) == bool(self.weakened_by or self.kind.weakened_by or self.governs):
            msg = (
                f"a key of kind {self.kind.name!r} needs `weakened_by` or `governs`, or `harmless`"
            )
            raise TypeError(msg)


class Declaration(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A key as it is declared on an attribute.

    Attributes:
        name: The key as written in TOML.
        attribute: The attribute that holds its value.
        key: The `Key` in the attribute's annotation.
        type: The type of the attribute, without None.
        required: Whether the key must be present.
        default: The value if the key is set neither here nor where it is inherited from.
    """

    name: str
    attribute: str
    key: Key
    type: Any
    required: bool
    default: Any

    @property
    def kind(self) -> Kind:
        """The kind of its value."""
        return self.key.kind

    @property
    def raw(self) -> Any:  # noqa: ANN401 - any type
        """The type of the value in TOML."""
        return self.kind.raw or self.type

    @property
    def weakened_by(self) -> Weakening | None:
        """Which change demands less of the code; None if no change does."""
        changed = Weakening.CHANGE if self.key.governs else None
        return self.key.weakened_by or self.kind.weakened_by or changed


@functools.cache
def declared_keys(struct: type[msgspec.Struct]) -> tuple[Declaration, ...]:
    """List the keys that the attributes of a struct declare, in order."""
    return tuple(
        _declaration(field, key)
        for field in msgspec.structs.fields(struct)
        for key in getattr(field.type, "__metadata__", ())
        if isinstance(key, Key)
    )


def _declaration(field: msgspec.structs.FieldInfo, key: Key) -> Declaration:
    factory = field.default_factory
    return Declaration(
        name=field.name.replace("_", "-"),
        attribute=field.name,
        key=key,
        type=_without_none(field.type),
        required=field.required and not key.inherits,
        default=field.default if factory is msgspec.NODEFAULT else factory(),
    )


def _without_none(annotation: Any) -> Any:  # noqa: ANN401 - any annotation
    """Remove None from a type: TOML has no None."""
    inner, *metadata = get_args(annotation)
    if type(None) in get_args(inner):
        inner = Union[tuple(part for part in get_args(inner) if part is not type(None))]  # noqa: UP007 - built from a tuple
    constraints = tuple(item for item in metadata if isinstance(item, msgspec.Meta))
    return Annotated[(inner, *constraints)] if constraints else inner
