"""What a caller needs to know of a Blueprint: its names, inputs and outputs."""

import re
from dataclasses import dataclass

from leapter.veritas.definitions import NO_TYPES, Choices, Types
from leapter.veritas.types import Type

# A value of JSON: null, bool, int, float, str, list, dict.
JsonValue = object

_NOT_IDENTIFIER = re.compile(r"[^a-z0-9]+")


def call_identifier(label: str) -> str:
    """The name that a Blueprint with this label is called by: `Late Fee (EU)` is called by `late_fee_eu`.

    Empty when the label has no ASCII letter or digit.
    """
    return _NOT_IDENTIFIER.sub("_", label.lower()).strip("_")


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """An input or output. `default` and `choices` are JSON values; `default` is None where `has_default`
    is false.

    `type` is as written; `base` is the same with every alias replaced by what it stands for, and `choices`
    are also those that aliases allow. For a list, `choices` are those of its elements.
    """

    name: str
    label: str
    description: str
    type: Type
    base: Type
    required: bool
    has_default: bool
    default: JsonValue
    choices: Choices | None
    node_id: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """`id` is that of `//#id`, if there is one; `label` falls back to the function's name. `types` are what
    the names in the types of inputs and outputs stand for.
    """

    id: str | None
    function_name: str
    label: str
    call_identifier: str
    description: str
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]
    types: Types = NO_TYPES
