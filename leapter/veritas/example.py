"""A set of inputs to try a Blueprint with."""

from collections.abc import Iterable

from leapter.veritas import ranges, temporal
from leapter.veritas.definitions import Choices, Field, Structure, Types
from leapter.veritas.signature import Signature
from leapter.veritas.types import Type

# How many values, beyond those that must be there, an example has of optional fields and elements of lists.
_MOST_OPTIONAL = 200
# Optional things are shown down to this depth. With the structures that must be inside the deepest of them,
# an example stays within what the run boundary takes.
_MAX_DEPTH = 8
# Fields of structures that are looked at for whether they are shown: some 50 ms of work.
_MOST_LOOKS = 100_000


def example_inputs(signature: Signature) -> dict[str, object]:
    """Inputs that pass the run boundary: defaults, first allowed values, else a plain value of the type."""
    maker = _Maker(signature.types)
    inputs: dict[str, object] = {}
    for parameter in signature.inputs:
        if parameter.has_default and parameter.default is not None:
            inputs[parameter.name] = parameter.default
        else:
            label = parameter.label or parameter.name
            inputs[parameter.name] = maker.of(parameter.type, label, parameter.choices, 1)
    return inputs


class _Maker:
    def __init__(self, types: Types) -> None:
        self._types = types
        self._optional_left = _MOST_OPTIONAL
        self._looks_left = _MOST_LOOKS
        # The structures that the present value lies in.
        self._inside: list[str] = []

    def of(self, declared: Type, label: str, choices: Choices | None, depth: int) -> object:
        """A value of `declared`; a text is `label`. `choices` are as those of a parameter."""
        declared = self._types.unaliased(declared)
        kind = declared.kind
        element = declared.element
        if kind == "list" and element is not None:
            choices = self._types.choices(element) if choices is None else choices
            return [self.of(element, label, choices, depth + 1)] if self._affords(element, depth) else []
        if choices is not None:
            return choices[0]
        if kind == "map" and element is not None:
            if not self._affords(element, depth):
                return {}
            return {"example": self.of(element, label, self._types.choices(element), depth + 1)}
        structure = self._types.structure(declared)
        return self._structure(structure, depth) if structure is not None else _plain(kind, label)

    def _structure(self, structure: Structure, depth: int) -> dict[str, object]:
        self._inside.append(structure.name)
        members: Iterable[Field] = structure.fields
        if len(structure.fields) > self._looks_left:
            members = [structure.members[name] for name in structure.required]
        else:
            self._looks_left -= len(structure.fields)
        value = {
            member.name: self.of(
                member.type, member.label or member.name, self._types.choices(member.type), depth + 1
            )
            for member in members
            if not member.is_optional or self._affords(member.type, depth)
        }
        self._inside.pop()
        return value

    def _affords(self, declared: Type, depth: int) -> bool:
        """Whether a value that need not be there is shown; if so, it is charged."""
        structure = self._types.structure(declared)
        size = 1 if structure is None else structure.least_size
        if depth > _MAX_DEPTH or size > self._optional_left:
            return False
        if structure is not None and structure.name in self._inside:
            return False
        self._optional_left -= size
        return True


def _plain(kind: str, label: str) -> object:
    if kind == "number":
        return 1
    if kind == "percent":
        return 0.1
    if kind == "boolean":
        return True
    if kind in temporal.KINDS:
        return temporal.EXAMPLES[kind]
    if kind == "range":
        return dict(ranges.EXAMPLE)
    if kind == "any multiple":
        return [{}]
    if kind == "any single":
        return {}
    return label
