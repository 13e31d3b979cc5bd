"""A set of inputs to try a Blueprint with."""

from leapter.veritas import ranges, temporal
from leapter.veritas.signature import Signature
from leapter.veritas.types import Type


def example_inputs(signature: Signature) -> dict[str, object]:
    """Inputs that pass the run boundary: defaults, first allowed values, else a plain value of the type."""
    inputs: dict[str, object] = {}
    for parameter in signature.inputs:
        if parameter.has_default and parameter.default is not None:
            inputs[parameter.name] = parameter.default
        elif parameter.choices:
            first = parameter.choices[0]
            inputs[parameter.name] = [first] if parameter.type.is_list else first
        else:
            inputs[parameter.name] = _example(parameter.type, parameter.label or parameter.name)
    return inputs


def _example(declared: Type, label: str) -> object:
    kind = declared.kind
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
    if kind == "list" and declared.element is not None:
        return [_example(declared.element, label)]
    if kind == "map" and declared.element is not None:
        return {"example": _example(declared.element, label)}
    if kind == "any multiple":
        return [{}]
    if kind == "any single":
        return {}
    return label
