"""The types that inputs, outputs and locals are declared with."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "text",
    "number",
    "boolean",
    "percent",
    "date",
    "time",
    "datetime",
    "duration",
    "range",
    "list",
    "map",
    "any single",
    "any multiple",
    "any",
    "named",
]

# The words of the source, and the kind that each stands for.
WORDS: dict[str, Kind] = {
    "_text": "text",
    "text": "text",
    "string": "text",
    "number": "number",
    "boolean": "boolean",
    "percent": "percent",
    "date": "date",
    "time": "time",
    "datetime": "datetime",
    "duration": "duration",
    "range": "range",
}

SCALARS = frozenset({"text", "number", "boolean", "percent", "date", "time", "datetime", "duration"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Type:
    """A declared type. `element` is there for `list` and `map`; `written` is the word of the source for the
    rest.

    Two types are equal when they mean the same, however they are written.
    """

    kind: Kind
    element: "Type | None" = None
    written: str = field(default="", compare=False)
    # For `named`: the name of a structure or alias of the types document.
    name: str = ""

    def __str__(self) -> str:
        if self.element is not None:
            return f"{self.kind} of {self.element}"
        return self.name or self.written or self.kind

    @property
    def innermost(self) -> "Type":
        """What the lists and maps are of; the type itself when it is neither."""
        inner = self
        while inner.element is not None:
            inner = inner.element
        return inner

    @property
    def is_scalar(self) -> bool:
        return self.kind in SCALARS

    @property
    def is_list(self) -> bool:
        return self.kind in {"list", "any multiple"}


ANY = Type(kind="any")
