"""JSON Schema of inputs and outputs, in the subset that OpenAPI 3.0 shares.

What the schema of the inputs lets through is what the run boundary lets through, but for this:

- The boundary also takes null: for an input that is a number, text or truth value (its zero) or a date or
  the like (none), for an optional field that is left out, and for the open end of a range. Only the form for
  OpenAPI tells of it (below).
- The boundary refuses lists, texts and nesting beyond the limits of a run, and whole numbers beyond the
  range of a double; the schema knows no limits.
- A project can have unknown inputs ignored; the schema knows none.

Schemas come in two forms. Alone, a schema has the structures in its own `$defs`; people and models fill
forms by it, and an offer of null would only mislead them. For an OpenAPI document, the caller passes the dict
that becomes `components.schemas`, and the structures are put there. Code is generated from it, so it tells
all that comes and goes, with `nullable`: null where the boundary takes it, and for every output, since a
Blueprint may assign null to any.
"""

from typing import Any

from leapter.veritas import ranges, temporal
from leapter.veritas.boundary import ZEROS
from leapter.veritas.definitions import Alias, Choices, Definition, Field, Structure, Types
from leapter.veritas.signature import Parameter, Signature
from leapter.veritas.types import Type
from leapter.veritas.values import ABSENT

# An alias with more characters than this in its allowed values and description is a definition of its own:
# written out wherever it is used, one of half a megabyte would make a schema of gigabytes. So are all aliases
# once this many characters of one schema were written out.
_MAX_WRITTEN_OUT = 2_000
_MAX_ALL_WRITTEN_OUT = 200_000


def input_schema(signature: Signature, components: dict[str, Any] | None = None) -> dict[str, Any]:
    """The schema of the object of inputs.

    Args:
        components: where the structures go that the schema refers to by `#/components/schemas/…`. Names are
            those of the types document, with `$` as `.`; all Blueprints of a project may share the dict.
            Without it they are in the schema's `$defs`.
    """
    return _schema(signature.inputs, signature.types, components, is_input=True)


def output_schema(signature: Signature, components: dict[str, Any] | None = None) -> dict[str, Any]:
    """The schema of the object of outputs; `components` is as for `input_schema`. None is required, since an
    absent output is left out.
    """
    return _schema(signature.outputs, signature.types, components, is_input=False)


def _schema(
    parameters: tuple[Parameter, ...], types: Types, components: dict[str, Any] | None, *, is_input: bool
) -> dict[str, Any]:
    builder = _Builder(types, components)
    schema = _object(
        {parameter.name: builder.of_parameter(parameter, is_input=is_input) for parameter in parameters},
        [parameter.name for parameter in parameters if is_input and parameter.required],
    )
    builder.define()
    if components is None and builder.definitions:
        schema["$defs"] = builder.definitions
    return schema


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:  # OpenAPI 3.0 forbids an empty list here
        schema["required"] = required
    return schema


class _Builder:
    """Makes schemas, and notes the definitions that they refer to."""

    def __init__(self, types: Types, components: dict[str, Any] | None) -> None:
        self._types = types
        self._is_openapi = components is not None
        self.definitions: dict[str, Any] = {} if components is None else components
        self._pending: list[Definition] = []
        # The characters of each alias, and those of all that was written out.
        self._lengths: dict[str, int] = {}
        self._written_out = 0

    def of_parameter(self, parameter: Parameter, *, is_input: bool) -> dict[str, Any]:
        if parameter.choices is None or parameter.choices is self._types.choices(parameter.type):
            schema = self._of(parameter.type)
        else:
            schema = self._of_choices(parameter.type, parameter.choices)
        schema = self._described(schema, _sentences(parameter.label, parameter.description))
        # A null default is that of a date that may be missing; null is not advertised.
        if parameter.has_default and parameter.default is not None:
            schema = self._with(schema, "default", parameter.default)
        return self._nullable(schema) if not is_input or _may_be_null(parameter) else schema

    def define(self) -> None:
        """Writes the definitions that were referred to, and those that they refer to."""
        while self._pending:
            definition = self._pending.pop()
            if isinstance(definition, Alias):
                schema = self._of_alias(definition)
            else:
                schema = self._of_structure(definition)
            self.definitions[self._key(definition.name)].update(schema)

    def _key(self, name: str) -> str:
        # A component's name has letters, digits, `.`, `-` and `_`; a type's has no `.`.
        return name.replace("$", ".") if self._is_openapi else name

    def _reference(self, definition: Definition) -> dict[str, Any]:
        key = self._key(definition.name)
        if key not in self.definitions:
            self.definitions[key] = {}
            self._pending.append(definition)
        return {"$ref": f"#/components/schemas/{key}" if self._is_openapi else f"#/$defs/{key}"}

    def _of_structure(self, structure: Structure) -> dict[str, Any]:
        schema = _object(
            {member.name: self._of_field(member) for member in structure.fields},
            [member.name for member in structure.fields if not member.is_optional],
        )
        return self._described(schema, _sentences(structure.label, structure.description))

    def _of_field(self, member: Field) -> dict[str, Any]:
        schema = self._described(self._of(member.type), _sentences(member.label, member.description))
        return self._nullable(schema) if member.is_optional else schema

    def _of_alias(self, alias: Alias) -> dict[str, Any]:
        if alias.choices is None:
            schema = self._of(alias.target)
        else:
            schema = self._of_choices(alias.target, alias.choices)
        return self._described(schema, _sentences(alias.label, alias.description))

    def _of_choices(self, declared: Type, choices: Choices) -> dict[str, Any]:
        # What aliases allow is among the choices already.
        schema = self._of(self._types.resolve(declared))
        schema.get("items", schema)["enum"] = list(choices)
        return schema

    def _of(self, declared: Type) -> dict[str, Any]:
        kind = declared.kind
        if kind in ("number", "percent"):
            return {"type": "number"}
        if kind == "text":
            return {"type": "string"}
        if kind == "boolean":
            return {"type": "boolean"}
        if kind in temporal.KINDS:
            return temporal.schema_of(kind)
        if kind == "range":
            return ranges.range_schema(self._nullable)
        if kind == "list" and declared.element is not None:
            return {"type": "array", "items": self._of(declared.element)}
        if kind == "map" and declared.element is not None:
            return {"type": "object", "additionalProperties": self._of(declared.element)}
        if kind == "any multiple":
            return {"type": "array", "items": {"type": "object"}}
        if kind == "any single":
            return {"type": "object"}
        definition = self._types.definitions.get(declared.name)
        if isinstance(definition, Structure):
            return self._reference(definition)
        if isinstance(definition, Alias):
            return self._of_alias(definition) if self._affords(definition) else self._reference(definition)
        return {}

    def _affords(self, alias: Alias) -> bool:
        """Whether an alias is written out where it is used; if so, it is charged."""
        length = self._lengths.get(alias.name)
        if length is None:
            length = self._lengths[alias.name] = _length(alias)
        if length > min(_MAX_WRITTEN_OUT, _MAX_ALL_WRITTEN_OUT - self._written_out):
            return False
        self._written_out += length
        return True

    def _nullable(self, schema: dict[str, Any]) -> dict[str, Any]:
        if not self._is_openapi or not schema:
            return schema
        if "enum" in schema and None not in schema["enum"]:
            schema = schema | {"enum": [*schema["enum"], None]}  # else the list would still exclude it
        return self._with(schema, "nullable", True)

    def _described(self, schema: dict[str, Any], text: str) -> dict[str, Any]:
        return self._with(schema, "description", text) if text else schema

    def _with(self, schema: dict[str, Any], key: str, value: object) -> dict[str, Any]:
        # In OpenAPI 3.0 nothing stands beside a reference.
        return {"allOf": [schema], key: value} if "$ref" in schema else schema | {key: value}


def _may_be_null(parameter: Parameter) -> bool:
    """Whether an input takes null: it is its zero then, which must be one of the allowed values."""
    zero = ZEROS.get(parameter.base.kind, ABSENT)
    return zero is not ABSENT and (parameter.choices is None or parameter.choices.allow(zero))


def _sentences(label: str, description: str) -> str:
    if not label or not description:
        return label or description
    stop = "" if label[-1] in ".?!:" else "."
    return f"{label}{stop} {description}"


def _length(alias: Alias) -> int:
    """About how many characters an alias takes, with a definition that it stands for."""
    length = len(alias.description) + len(alias.label) + len(str(alias.target))
    # With the signs between them.
    return length + sum(len(str(choice)) + 4 for choice in alias.choices or ())
