"""Literals: defaults, allowed values and cells of decision tables."""

from leapter.veritas import ast, ranges, temporal
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
    """Whether a literal's value may stand where `declared` is expected."""
    kind = declared.kind
    if kind in ("number", "percent"):
        return isinstance(value, float)
    if kind == "text":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in temporal.KINDS:
        return isinstance(value, str) and temporal.is_well_formed(kind, value)
    if kind == "range":
        return isinstance(value, dict) and ranges.is_range(value)
    if kind == "list":
        return isinstance(value, list) and all(
            fits(element, declared.element or declared) for element in value
        )
    if kind == "map":
        return isinstance(value, dict) and all(
            fits(element, declared.element or declared) for element in value.values()
        )
    if kind == "any single":
        return isinstance(value, dict)
    if kind == "any multiple":
        return isinstance(value, list) and all(isinstance(element, dict) for element in value)
    return True
