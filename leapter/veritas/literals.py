"""Literals: defaults, allowed values and cells of decision tables."""

from collections.abc import Iterator
from dataclasses import dataclass

from leapter.veritas import ast, ranges, temporal
from leapter.veritas.definitions import Choices, Types
from leapter.veritas.forms import allowed_form
from leapter.veritas.paths import member_path
from leapter.veritas.types import Type
from leapter.veritas.values import ABSENT, NULL, from_code_units


class NotLiteralError(Exception):
    """An expression that is not a literal; `offset` is where it begins."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def literal_value(expression: ast.Expression) -> object:
    """The value (of a run) that a literal stands for. Raises NotLiteralError."""
    if isinstance(expression, ast.Literal):
        return expression.value
    if (
        isinstance(expression, ast.Unary)
        and expression.operator in ("-", "+")
        and isinstance(expression.operand, ast.Literal)
        and isinstance(expression.operand.value, float)
    ):
        return -expression.operand.value if expression.operator == "-" else expression.operand.value
    if isinstance(expression, ast.ListLiteral):
        return [literal_value(element) for element in expression.elements]
    if isinstance(expression, ast.ObjectLiteral):
        return {key: literal_value(value) for key, value in expression.entries}
    raise NotLiteralError(expression.start)


def json_value(value: object) -> object:
    """A literal's value as JSON."""
    if isinstance(value, float):
        return int(value) if abs(value) <= 2**53 and value == int(value) else value
    if isinstance(value, str):
        return from_code_units(value)
    if isinstance(value, list):
        return [json_value(element) for element in value]
    if isinstance(value, dict):
        return {json_value(key): json_value(member) for key, member in value.items()}
    if value is NULL or value is ABSENT:
        return None
    return value


def fits(value: object, declared: Type) -> bool:
    """Whether a literal's value is one of `declared`, which is neither a list or map of a type nor a
    structure.
    """
    kind = declared.kind
    if kind in ("number", "percent"):
        return isinstance(value, float) and value - value == 0  # 1e999 is infinite
    if kind == "text":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in temporal.KINDS:
        return isinstance(value, str) and temporal.is_well_formed(kind, value)
    if kind == "range":
        return isinstance(value, dict) and ranges.is_range(value)
    if kind == "any single":
        return isinstance(value, dict)
    if kind == "any multiple":
        return isinstance(value, list) and all(isinstance(element, dict) for element in value)
    return True


@dataclass(frozen=True, slots=True)
class Misfit:
    """A literal, or a part of one, that may not stand where it does. `path` is as in `items[3].price`;
    `message` reads on from it; `fix` is None where a value of the type `declared` is the mend.
    """

    offset: int
    code: str
    path: str
    message: str
    declared: Type
    fix: str | None = None


def misfits(
    expression: ast.Expression,
    declared: Type,
    types: Types,
    *,
    path: str,
    choices: Choices | None,
) -> Iterator[Misfit]:
    """What keeps a literal from being a value of `declared`; `choices` are the allowed ones (JSON), or those
    of a list's elements.
    """
    target = types.unaliased(declared)
    element = target.element
    structure = types.structure(target)
    if structure is not None and isinstance(expression, ast.ObjectLiteral):
        entries = dict(expression.entries)
        for name, value in entries.items():
            member = structure.members.get(name)
            inner = member_path(path, from_code_units(name))
            if member is None:
                message = f"is not a field of {structure.name}"
                fix = "Remove it, or add it to the type."
                yield Misfit(value.start, "default_type", inner, message, declared, fix)
            else:
                allowed = types.choices(member.type)
                yield from misfits(value, member.type, types, path=inner, choices=allowed)
        for name in structure.required:
            if name not in entries:
                inner, missing = member_path(path, name), structure.members[name].type
                fix = f'Add "{name}": …'
                yield Misfit(expression.start, "default_type", inner, "is required", missing, fix)
        return
    if target.kind == "list" and element is not None and isinstance(expression, ast.ListLiteral):
        allowed = types.choices(element) if choices is None else choices
        for position, item in enumerate(expression.elements):
            yield from misfits(item, element, types, path=f"{path}[{position}]", choices=allowed)
        return
    if target.kind == "map" and element is not None and isinstance(expression, ast.ObjectLiteral):
        allowed = types.choices(element)
        for key, value in expression.entries:
            inner = member_path(path, from_code_units(key))
            yield from misfits(value, element, types, path=inner, choices=allowed)
        return
    literal = literal_value(expression)
    if structure is not None or element is not None or not fits(literal, target):
        yield Misfit(expression.start, "default_type", path, f"does not fit its type, {declared}", declared)
    elif choices is not None and not choices.allow(json_value(literal)):
        message = "is not among its allowed values"
        fix = f"Write {allowed_form(choices)}."
        yield Misfit(expression.start, "default_not_allowed", path, message, declared, fix)
