"""What turns the JSON of inputs into values of a run, made from their declared types.

A structure takes an object with its fields and no others. A field that is optional may be left out or null,
and is absent then; a run may still assign it. Null for an input that is a number, text or truth value is the
zero of its type, and null for one that is a date, time, datetime or duration stays null. Anywhere else, where
a value of some type must stand, null is a fault.
"""

from collections.abc import Callable, Collection, Iterable

from leapter.veritas.boundary import ZEROS, Converter, Faults, converter, json_kind, list_of
from leapter.veritas.definitions import Alias, Choices, Structure, Types
from leapter.veritas.numbers import number_to_text
from leapter.veritas.paths import member_path, shown_name
from leapter.veritas.signature import Parameter
from leapter.veritas.types import ANY, Type
from leapter.veritas.values import Record, record_class


class InputConverters:
    """Makes the converters for the inputs of one Blueprint; those of named types are made once."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._named: dict[str, Converter] = {}

    def of_input(self, parameter: Parameter) -> Converter:
        """What turns the JSON value of an input into a value of a run, and reports what does not fit."""
        if parameter.base.kind not in ZEROS:
            return self._of(parameter.type, parameter.choices)
        # What aliases allow is among the choices already.
        convert = _or_zero(converter(parameter.base, self._of_named), ZEROS[parameter.base.kind])
        return convert if parameter.choices is None else _chosen(convert, parameter.choices)

    def _of(self, declared: Type, choices: Choices | None) -> Converter:
        if choices is None:
            return converter(declared, self._of_named)
        base = self._types.resolve(declared)
        if base.kind == "list" and base.element is not None:
            return list_of(_chosen(converter(base.element, self._of_named), choices))
        return _chosen(converter(base, self._of_named), choices)

    def _of_named(self, declared: Type) -> Converter:
        made = self._named.get(declared.name)
        if made is None:
            definition = self._types.definitions.get(declared.name)
            if isinstance(definition, Structure):
                made = _structure(definition, self._fields)
            elif isinstance(definition, Alias):
                made = self._of(definition.target, definition.choices)
            else:
                made = converter(ANY, self._of_named)
            self._named[declared.name] = made
        return made

    def _fields(self, structure: Structure) -> "dict[str, _Member]":
        return {
            member.name: (
                converter(member.type, self._of_named),
                member.is_optional,
                f".{shown_name(member.name)}",
            )
            for member in structure.fields
        }


# What converts a field, whether it is optional, and how a path goes on to it.
_Member = tuple[Converter, bool, str]


def _structure(structure: Structure, fields_of: Callable[[Structure], dict[str, _Member]]) -> Converter:
    # Made when the first value comes, since a structure may contain itself.
    fields: dict[str, _Member] = {}
    required = structure.required
    record = record_class(member.name for member in structure.fields)

    def convert(value: object, path: str, faults: Faults) -> object:
        nonlocal fields
        if not isinstance(value, dict):
            faults.add(path, f"must be an object, not {json_kind(value)}")
            return {}
        if not faults.enter(path):
            return {}
        fields = fields or fields_of(structure)
        result: Record = record()
        missing = len(required)
        # The object is gone through, not the fields: there may be many more of these.
        for name, member in value.items():
            field = fields.get(name)
            if field is None:
                faults.add(member_path(path, str(name)), _unknown(structure, name, fields, faults))
                continue
            convert_field, is_optional, step = field
            if is_optional:
                if member is None:
                    continue
            else:
                missing -= 1
            result[name] = convert_field(member, path + step, faults)
        if missing:
            _report_missing(value, required, missing, path, faults)
        faults.leave()
        return result

    return convert


def _unknown(structure: Structure, name: object, fields: Collection[str], faults: Faults) -> str:
    close = None if faults.are_many else faults.nearest(str(name), fields)
    hint = f" (did you mean `{close}`?)" if close else ""
    return f"is not a field of {structure.name}{hint}"


def _report_missing(
    value: dict[object, object], required: Iterable[str], missing: int, path: str, faults: Faults
) -> None:
    for name in required:
        if faults.are_many:
            faults.more += missing
            return
        if name not in value:
            faults.add(f"{path}.{shown_name(name)}", "is required")
            missing -= 1


def _or_zero(convert: Converter, zero: object) -> Converter:
    def convert_or_zero(value: object, path: str, faults: Faults) -> object:
        return zero if value is None else convert(value, path, faults)

    return convert_or_zero


def _chosen(convert: Converter, choices: Choices) -> Converter:
    shown = ", ".join(_shown(choice) for choice in choices[:20]) + (", …" if len(choices) > 20 else "")

    def convert_chosen(value: object, path: str, faults: Faults) -> object:
        before = len(faults.found) + faults.more
        converted = convert(value, path, faults)
        if len(faults.found) + faults.more == before:
            plain = value if isinstance(value, str) else converted
            if not choices.allow(plain):
                # Null has become the zero of the type, which the caller never wrote.
                held = "null" if value is None else _shown(plain)
                faults.add(path, f"must be one of {shown}; it is {held}")
        return converted

    return convert_chosen


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_to_text(float(value))
    text = str(value)
    return f'"{text}"' if len(text) <= 60 else f'"{text[:59]}…"'
