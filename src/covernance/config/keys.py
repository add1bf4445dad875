"""How a key of the table is declared: once, on the attribute that holds its value.

    fail_under: Annotated[Decimal, Key(FLOOR, "The lowest …", inherits=True)] = Decimal(90)

Validation, defaults, what counts as weakened, the reference page and the JSON schema follow.
"""

from __future__ import annotations

import functools
from typing import Annotated, Any, Union, get_args

import msgspec

from covernance.config.kinds import Kind, Weakening


class Key(msgspec.Struct, frozen=True):
    """What an attribute's type and default do not show about its key.

    Attributes:
        kind: What kind of value it has.
        help: What it means, in sentences, as Markdown.
        inherits: Whether a suite without this key has the value of the same key in
            `[tool.covernance]`, which then needs no declaration there.
        fallback: The key whose number holds for names that a table by name leaves out.
        weakened_by: Which change asks less of the code, if the kind does not decide it.
        harmless: Why no change of the key asks less of the code.
    """

    kind: Kind
    help: str
    inherits: bool = False
    fallback: str = ""
    weakened_by: Weakening | None = None
    harmless: str = ""

    def __post_init__(self) -> None:
        if bool(self.harmless) == bool(self.weakened_by or self.kind.weakened_by):
            msg = f"a key of kind {self.kind.name!r} needs either `weakened_by` or `harmless`"
            raise TypeError(msg)


class Declaration(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A key as it is declared on an attribute.

    Attributes:
        name: The key as TOML has it.
        attribute: The attribute that holds its value.
        key: What the attribute's annotation says.
        type: The type of the attribute, without None.
        required: Whether a table without it is wrong.
        default: The value if neither the table nor what it inherits from has one.
    """

    name: str
    attribute: str
    key: Key
    type: Any
    required: bool
    default: Any

    @property
    def kind(self) -> Kind:
        """What kind of value it has."""
        return self.key.kind

    @property
    def raw(self) -> Any:  # noqa: ANN401 - any type
        """The type of the value in TOML."""
        return self.kind.raw or self.type

    @property
    def weakened_by(self) -> Weakening | None:
        """Which change asks less of the code; None for none."""
        return self.key.weakened_by or self.kind.weakened_by


@functools.cache
def declared_keys(struct: type[msgspec.Struct]) -> tuple[Declaration, ...]:
    """The keys that the attributes of a struct declare, in their order."""
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
    """The type of a value that is there: TOML can't write None."""
    inner, *metadata = get_args(annotation)
    if type(None) in get_args(inner):
        inner = Union[tuple(part for part in get_args(inner) if part is not type(None))]  # noqa: UP007 - built from a tuple
    constraints = tuple(item for item in metadata if isinstance(item, msgspec.Meta))
    return Annotated[(inner, *constraints)] if constraints else inner
