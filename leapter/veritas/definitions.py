"""The types that a project's types document defines."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from types import MappingProxyType

from leapter.veritas.spelling import nearest
from leapter.veritas.types import ANY, WORDS, Type
from leapter.veritas.values import to_code_units

# What a type is called elsewhere, and here.
_ELSEWHERE = {
    "int": "number",
    "integer": "number",
    "float": "number",
    "double": "number",
    "decimal": "number",
    "bool": "boolean",
    "str": "_text",
    "string": "_text",
    "char": "_text",
    "real": "number",
    "money": "number",
    "array": "list of …",
    "list": "list of …",
    "map": "map of …",
    "object": "any single",
    "dict": "map of …",
}


class Choices(tuple[object, ...]):
    """Allowed values (JSON: texts, numbers, truth values), each once.

    Thousands of inputs can share those of one alias, so what is made of them is made once.
    """

    @cached_property
    def _keys(self) -> frozenset[tuple[bool, object]]:
        return frozenset(map(_key, self))

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """The texts among them as a run has them."""
        return {choice: to_code_units(choice) for choice in self if isinstance(choice, str)}

    def allow(self, value: object) -> bool:
        """Whether a scalar of JSON is among them."""
        return _key(value) in self._keys


def _key(value: object) -> tuple[bool, object]:
    # 1 and true are equal in Python, not in Veritas.
    return isinstance(value, bool), value


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of a structure. `annotations` are JSON values by word: `{"format": "currency"}`."""

    name: str
    label: str
    description: str
    type: Type
    is_optional: bool
    annotations: Mapping[str, object]
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Structure:
    """An object with named fields. `least_size` is how many values the smallest of it is made of, itself
    counted; `members` are the fields by name.
    """

    name: str
    label: str
    description: str
    fields: tuple[Field, ...]
    annotations: Mapping[str, object]
    line: int
    least_size: int
    members: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    # The names of the fields that are not optional.
    required: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        members = {member.name: member for member in self.fields}
        object.__setattr__(self, "members", MappingProxyType(members))
        required = tuple(member.name for member in self.fields if not member.is_optional)
        object.__setattr__(self, "required", required)


@dataclass(frozen=True, kw_only=True, slots=True)
class Alias:
    """A name for another type. `base` is as written; `target` is what it comes to, which is no alias.

    `choices` are the allowed values (JSON), its own or those of the alias that it stands for; for a list,
    those of the elements. None where nothing is constrained.
    """

    name: str
    label: str
    description: str
    base: Type
    target: Type
    choices: Choices | None
    annotations: Mapping[str, object]
    line: int


Definition = Structure | Alias


@dataclass(frozen=True, kw_only=True, slots=True)
class Types:
    """The sound definitions by name, in the order of the document.

    `broken` are the names of those with errors, and of those that refer to one.
    """

    definitions: Mapping[str, Definition] = field(default_factory=lambda: MappingProxyType({}))
    broken: frozenset[str] = frozenset()

    def unaliased(self, declared: Type) -> Type:
        """What `declared` stands for, if it is an alias; lists and maps may still be of aliases."""
        definition = self.definitions.get(declared.name)
        return definition.target if isinstance(definition, Alias) else declared

    def resolve(self, declared: Type) -> Type:
        """`declared` with every alias in it replaced by what it stands for.

        A name that is left in it is that of a structure; one that is not defined becomes `any`.
        """
        target = self.unaliased(declared)
        if target.element is not None:
            element = self.resolve(target.element)
            return target if element is target.element else Type(kind=target.kind, element=element)
        return ANY if target.kind == "named" and target.name not in self.definitions else target

    def structure(self, declared: Type) -> Structure | None:
        """The structure that `declared` is or stands for."""
        definition = self.definitions.get(self.unaliased(declared).name)
        return definition if isinstance(definition, Structure) else None

    def choices(self, declared: Type) -> Choices | None:
        """The allowed values of `declared`, by its aliases; for a list, those of its elements."""
        definition = self.definitions.get(declared.name)
        if isinstance(definition, Alias) and definition.choices is not None:
            return definition.choices
        target = self.unaliased(declared)
        if target.kind == "list" and target.element is not None:
            # Those of a list in a list belong to that one's elements.
            is_nested = self.unaliased(target.element).kind == "list"
            return None if is_nested else self.choices(target.element)
        return None


NO_TYPES = Types()

# Of how many values the smallest of a structure, and the structures of one call, may be made.
MAX_LEAST_SIZE = 10_000
_MOST_SHOWN = 10


def unknown_type_fix(hint: str | None, defined: Collection[str]) -> str:
    """How a type that there is not is mended; `hint` is the nearest one, if there is one."""
    if hint:
        return f"Did you mean {hint}?"
    if not defined:
        return "Define it in the project's types document, data/types.data.vts."
    shown = ", ".join([*islice(defined, _MOST_SHOWN), *["…"][: len(defined) > _MOST_SHOWN]])
    return f"The types document defines {shown}."


def nearest_type(name: str, defined: Iterable[str]) -> str | None:
    """The type that was probably meant by `name`: a defined one, or a built-in one."""
    return _ELSEWHERE.get(name.lower()) or nearest(name, (*defined, *WORDS, "list of", "any single"))
