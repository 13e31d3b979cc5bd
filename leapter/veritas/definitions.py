"""The types that a project's types document defines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True, slots=True)
class Types:
    """The defined types by name."""

    definitions: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


NO_TYPES = Types()
