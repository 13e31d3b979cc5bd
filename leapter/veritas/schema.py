"""JSON Schema of inputs and outputs, in the subset that OpenAPI 3.0 shares."""

from typing import Any

from leapter.veritas import ranges, temporal
from leapter.veritas.signature import Parameter, Signature
from leapter.veritas.types import Type


def input_schema(signature: Signature) -> dict[str, Any]:
    """The schema of the object of inputs. Null, which the run boundary takes for a scalar's zero or for no
    date, is not advertised.
    """
    schema = _object(signature.inputs)
    required = [parameter.name for parameter in signature.inputs if parameter.required]
    if required:  # OpenAPI 3.0 forbids an empty list here
        schema["required"] = required
    return schema


def output_schema(signature: Signature) -> dict[str, Any]:
    """The schema of the object of outputs. None is required, since an absent output is left out."""
    return _object(signature.outputs)


def _object(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {parameter.name: _property(parameter) for parameter in parameters},
        "additionalProperties": False,
    }


def _property(parameter: Parameter) -> dict[str, Any]:
    schema = _type(parameter.type)
    if parameter.choices is not None:
        target = schema["items"] if schema["type"] == "array" else schema
        target["enum"] = list(parameter.choices)
    text = _description(parameter)
    if text:
        schema["description"] = text
    if parameter.has_default and parameter.default is not None:
        schema["default"] = parameter.default
    return schema


def _description(parameter: Parameter) -> str:
    if not parameter.label or not parameter.description:
        return parameter.label or parameter.description
    stop = "" if parameter.label[-1] in ".?!:" else "."
    return f"{parameter.label}{stop} {parameter.description}"


def _type(declared: Type) -> dict[str, Any]:
    kind = declared.kind
    if kind in ("number", "percent"):
        return {"type": "number"}
    if kind == "boolean":
        return {"type": "boolean"}
    if kind in temporal.KINDS:
        return temporal.schema_of(kind)
    if kind == "range":
        return ranges.range_schema()
    if kind == "list" and declared.element is not None:
        return {"type": "array", "items": _type(declared.element)}
    if kind == "map" and declared.element is not None:
        return {"type": "object", "additionalProperties": _type(declared.element)}
    if kind == "any multiple":
        return {"type": "array", "items": {"type": "object"}}
    if kind == "any single":
        return {"type": "object"}
    return {"type": "string"}
