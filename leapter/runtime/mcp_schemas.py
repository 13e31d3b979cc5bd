"""The schema of a tool's outputs, such that runs keep to it.

Clients refuse a result that breaks the schema of its tool. A Blueprint may leave any output null, and so any
element and any member; and what it builds of members is not checked as inputs are. OpenAPI 3.0 tells of that
by `nullable`; this is the same in the words of JSON Schema 2020-12. Only a Blueprint that hands on what it
was given as an object of any kind can still break it: that a number came as text, no checker can see.
"""

from typing import Any

from leapter import veritas

_DEMANDS = frozenset({"required", "minProperties"})
_ABOUT = frozenset({"description", "default"})
_NULL = {"type": "null"}


def tool_output_schema(signature: veritas.Signature) -> dict[str, Any]:
    """Return the schema of the object of outputs, with structures in its `$defs`."""
    schema = veritas.output_schema(signature)
    told = _loosened(schema) | {"additionalProperties": False}  # no run gives what is not declared
    if "$defs" in schema:
        told["$defs"] = {name: _loosened(definition) for name, definition in schema["$defs"].items()}
    return told


def _loosened(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` with values inside that may be null, and with members that may be missing or more."""
    found = {key: value for key, value in schema.items() if key not in _DEMANDS}
    if "properties" in found:
        found["properties"] = {name: _nullable(member) for name, member in found["properties"].items()}
    if "items" in found:
        found["items"] = _nullable(found["items"])
    others = found.pop("additionalProperties", False)
    if others is not False:
        found["additionalProperties"] = _nullable(others)
    for several in ("allOf", "anyOf"):
        if several in found:
            found[several] = [_loosened(one) for one in found[several]]
    return found


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if not schema:
        return schema  # anything, with null in it
    found = _loosened(schema)
    if isinstance(found.get("type"), str) and not {"allOf", "anyOf"} & found.keys():
        found["type"] = [found["type"], "null"]
        if "enum" in found:
            found["enum"] = [*found["enum"], None]
        return found
    about = {key: found.pop(key) for key in _ABOUT & found.keys()}
    return {"anyOf": [found, _NULL], **about}
