"""What a logic file can refer to outside itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from leapter.veritas.definitions import NO_TYPES, Types
from leapter.veritas.signature import Signature


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """The project around a Blueprint: its types, and its Blueprints by call identifier.

    `blueprints` may read signatures only when they are asked for.
    """

    types: Types = NO_TYPES
    blueprints: Mapping[str, Signature] = field(default_factory=lambda: MappingProxyType({}))


ALONE = Environment()
