"""Expressions to Python code."""

import ast as py
from dataclasses import dataclass
from typing import cast

from leapter.veritas import ast
from leapter.veritas.builtins import DIRECT_MATH, FUNCTIONS, MATH
from leapter.veritas.infer import Inference
from leapter.veritas.python_code import CodeBuilder
from leapter.veritas.shapes import BOOLEAN, IS_ABSENT, IS_NULL, LIST, NUMBER, OBJECT, TEXT, Shape
from leapter.veritas.values import ABSENT, NULL

# A literal longer than this is measured against the limit for texts when it is used.
_LONG_TEXT = 1000
_NUMERIC = NUMBER | IS_NULL | IS_ABSENT
_TEXTUAL = TEXT | LIST | OBJECT  # what makes `+` join texts
_GENERIC_OPERATORS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "quotient",
    "%": "remainder",
    "<": "less",
    "<=": "less_or_equal",
    ">": "greater",
    ">=": "greater_or_equal",
}
_ARITHMETIC: dict[str, type[py.operator]] = {"+": py.Add, "-": py.Sub, "*": py.Mult}
_ORDER: dict[str, type[py.cmpop]] = {"<": py.Lt, "<=": py.LtE, ">": py.Gt, ">=": py.GtE}

_EXTREMES: dict[str, type[py.cmpop]] = {"min": py.Lt, "max": py.Gt}

_LAVISH = frozenset(("sort", "add_duration", "subtract_duration"))
# Runtime functions that make no text, list or object; a loop with any other measures its memory.
_FRUGAL = frozenset(
    (
        *(f"math_{name}" for name in MATH),
        *(f"function_{name}" for name in FUNCTIONS if name not in _LAVISH),
        *(f"method_{name}" for name in ("pop", "indexOf", "reverse", "charAt")),
        *(name for name in _GENERIC_OPERATORS.values() if name != "add"),
        *("strictly_equal", "loosely_equal", "minus", "to_number", "elements_of", "literal_text", "throw"),
        *("get_property", "get_index", "set_property"),
    )
)
_DIRECT_DECIMALS: tuple[object, ...] = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)


@dataclass(frozen=True, slots=True)
class Operand:
    """The code of an operand, what it can be, and its value where it is a literal."""

    code: py.expr
    shape: Shape
    literal: object


class ExpressionCompiler(CodeBuilder):
    """Compiles the expressions of one function; the compiler of statements is built on it."""

    def __init__(
        self, inference: Inference, helpers: dict[str, ast.Function], own_names: frozenset[str]
    ) -> None:
        super().__init__()
        self._shapes = inference.shapes
        self._variables = inference.variables
        self._helpers = helpers
        self._own_names = own_names
        # Whether the code since the innermost loop began can make texts, lists or objects.
        self._allocates = False

    def _run(self, function: str, *arguments: py.expr) -> py.expr:
        """A call of a runtime function that takes the state first."""
        self._allocates = self._allocates or function not in _FRUGAL
        return self._call(function, self._name("s"), *arguments)

    def _value(self, value: object) -> py.expr:
        """A literal's value as an expression."""
        if value is NULL:
            return self._name("NULL")
        if value is ABSENT:
            return self._name("ABSENT")
        if isinstance(value, list):
            elements = [self._value(element) for element in value]
            return self._new_list(elements)
        if isinstance(value, dict):
            keys = [self._constant(key) for key in value]
            values = [self._value(member) for member in value.values()]
            return self._new_object(keys, values)
        constant = self._constant(cast("float | str | bool", value))
        if isinstance(value, str) and len(value) > _LONG_TEXT:
            return self._run("literal_text", constant)
        return constant

    def _new_list(self, elements: list[py.expr]) -> py.expr:
        return self._run("new_list", py.List(elts=elements, ctx=py.Load(), lineno=self._line, col_offset=0))

    def _new_object(self, keys: list[py.expr], values: list[py.expr]) -> py.expr:
        return self._run(
            "new_object", py.Dict(keys=list(keys), values=values, lineno=self._line, col_offset=0)
        )

    def _condition(self, expression: ast.Expression) -> py.expr:
        """An expression of which only the truth matters."""
        if isinstance(expression, ast.Unary) and expression.operator == "!":
            return self._not(self._condition(expression.operand))
        if isinstance(expression, ast.Logical):
            operator: py.boolop = py.And() if expression.operator == "&&" else py.Or()
            values = [self._condition(expression.left), self._condition(expression.right)]
            return py.BoolOp(op=operator, values=values, lineno=self._line, col_offset=0)
        return self._truth(self._expression(expression), self._shapes[id(expression)])

    def _truth(self, value: py.expr, shape: Shape) -> py.expr:
        # Python agrees on these kinds; it differs on NaN (true there) and on empty lists and
        # objects (false there).
        if shape.only(BOOLEAN | TEXT | IS_NULL | IS_ABSENT):
            return value
        return self._call("truthy", value)

    def _expression(self, expression: ast.Expression) -> py.expr:
        if isinstance(expression, ast.Name):
            return self._name(f"v_{expression.name}")
        if isinstance(expression, ast.Literal):
            return self._value(expression.value)
        if isinstance(expression, ast.Binary):
            left, right = self._operand(expression.left), self._operand(expression.right)
            return self._operation(expression.operator, left, right)
        if isinstance(expression, ast.Logical):
            return self._logical(expression)
        if isinstance(expression, ast.Unary):
            return self._unary(expression)
        if isinstance(expression, ast.Conditional):
            return self._choice(
                self._condition(expression.condition),
                self._expression(expression.consequent),
                self._expression(expression.alternative),
            )
        if isinstance(expression, ast.Property):
            return self._property(expression)
        if isinstance(expression, ast.Index):
            return self._run(
                "get_index", self._expression(expression.target), self._expression(expression.index)
            )
        if isinstance(expression, ast.ListLiteral):
            return self._new_list([self._expression(element) for element in expression.elements])
        if isinstance(expression, ast.ObjectLiteral):
            keys = [self._constant(key) for key, _ in expression.entries]
            return self._new_object(keys, [self._expression(value) for _, value in expression.entries])
        return self._function_call(cast(ast.Call, expression))

    def _unary(self, expression: ast.Unary) -> py.expr:
        shape = self._shapes[id(expression.operand)]
        if expression.operator == "!":
            return self._not(self._condition(expression.operand))
        operand = self._expression(expression.operand)
        if expression.operator == "-":
            if shape.only(_NUMERIC):
                return py.UnaryOp(op=py.USub(), operand=operand, lineno=self._line, col_offset=0)
            return self._run("minus", operand)
        return operand if shape.only(NUMBER) else self._run("to_number", operand)

    def _logical(self, expression: ast.Logical) -> py.expr:
        left, right = self._expression(expression.left), self._expression(expression.right)
        shape = self._shapes[id(expression.left)]
        if shape.only(BOOLEAN | TEXT | IS_NULL | IS_ABSENT):
            operator: py.boolop = py.And() if expression.operator == "&&" else py.Or()
            return py.BoolOp(op=operator, values=[left, right], lineno=self._line, col_offset=0)
        name = self._temporary()
        test = self._call("truthy", self._keep(name, left))
        if expression.operator == "&&":
            return self._choice(test, right, self._name(name))
        return self._choice(test, self._name(name), right)

    def _operand(self, expression: ast.Expression) -> Operand:
        value = expression.value if isinstance(expression, ast.Literal) else None
        return Operand(self._expression(expression), self._shapes[id(expression)], value)

    def _operation(self, operator: str, left: Operand, right: Operand) -> py.expr:
        if operator in ("===", "!=="):
            equal = self._strict(left, right)
            return equal if operator == "===" else self._not(equal)
        if operator in ("==", "!="):
            equal = self._loose(left, right)
            return equal if operator == "==" else self._not(equal)
        numeric = left.shape.only(_NUMERIC) and right.shape.only(_NUMERIC)
        if operator in _ORDER:
            if numeric:
                return self._compare(left.code, _ORDER[operator], right.code)
        elif operator == "/":
            if numeric and isinstance(right.code, py.Constant) and right.code.value:
                return self._binary(left.code, py.Div, right.code)
            if numeric and isinstance(right.code, py.Name):
                # Names are cheap to read twice, and zero goes the long way.
                direct = self._binary(left.code, py.Div, right.code)
                return self._choice(right.code, direct, self._run("quotient", left.code, right.code))
        elif operator in _ARITHMETIC:
            if numeric:
                return self._binary(left.code, _ARITHMETIC[operator], right.code)
            if operator == "+" and (left.shape.certainly(_TEXTUAL) or right.shape.certainly(_TEXTUAL)):
                return self._run("concatenate", left.code, right.code)
        return self._run(_GENERIC_OPERATORS[operator], left.code, right.code)

    def _strict(self, left: Operand, right: Operand) -> py.expr:
        if isinstance(left.literal, str) or isinstance(right.literal, str):
            # A text equals nothing but the same text, in Python too.
            return self._compare(left.code, py.Eq, right.code)
        for one, other in ((left.shape, right.shape), (right.shape, left.shape)):
            # Against a number, Python would warn of `is`; it is never true, but the long way says so as well.
            if one.certainly(BOOLEAN | IS_NULL | IS_ABSENT) and not other.only(NUMBER | TEXT):
                return self._compare(left.code, py.Is, right.code)
        if left.shape.only(_NUMERIC) and right.shape.only(_NUMERIC):
            return self._compare(left.code, py.Eq, right.code)
        return self._run("strictly_equal", left.code, right.code)

    def _loose(self, left: Operand, right: Operand) -> py.expr:
        for certain, other in ((left.shape, right.shape), (right.shape, left.shape)):
            if certain.only(NUMBER) and other.only(_NUMERIC):
                return self._compare(left.code, py.Eq, right.code)
        for one, other in ((left.literal, right.shape), (right.literal, left.shape)):
            if isinstance(one, str) and other.only(TEXT | IS_NULL | IS_ABSENT):
                return self._compare(left.code, py.Eq, right.code)
        return self._run("loosely_equal", left.code, right.code)

    def _property(self, expression: ast.Property) -> py.expr:
        target = self._expression(expression.target)
        if expression.name == "length" and self._shapes[id(expression.target)].certainly(LIST | TEXT):
            return self._call("float", self._call("len", target))
        return self._run("get_property", target, self._constant(expression.name))

    def _function_call(self, call: ast.Call) -> py.expr:
        if isinstance(call.callee, ast.Name):
            name = call.callee.name
            if name in FUNCTIONS:
                return self._direct_round(call) or self._run(f"function_{name}", *self._values(call))
            if name in self._helpers:
                return self._helper_call(call, self._helpers[name])
            return self._blueprint_call(call, name)
        callee = cast(ast.Property, call.callee)
        is_math = isinstance(callee.target, ast.Name) and callee.target.name == "Math"
        if is_math and "Math" not in self._variables and callee.name in MATH:
            direct = DIRECT_MATH.get(callee.name)
            if direct is not None and self._shapes[id(call.arguments[0].value)].only(NUMBER):
                return self._call(f"direct_{callee.name}", *self._values(call))
            if callee.name in _EXTREMES and len(call.arguments) == 2:
                return self._extreme(callee.name, call)
            return self._run(f"math_{callee.name}", *self._values(call))
        function = (
            "push_one" if callee.name == "push" and len(call.arguments) == 1 else f"method_{callee.name}"
        )
        return self._run(function, self._expression(callee.target), *self._values(call))

    def _extreme(self, name: str, call: ast.Call) -> py.expr:
        """`Math.min` or `Math.max` of two. Where neither is less, they are equal, zeros of either sign or not
        numbers, and the long way tells.
        """
        slow = f"math_{name}"
        left, right = self._values(call)
        if not all(self._shapes[id(argument.value)].only(NUMBER) for argument in call.arguments):
            return self._run(slow, left, right)
        first, left = self._twice(left)
        second, right = self._twice(right)
        return self._choice(
            self._compare(first, _EXTREMES[name], second),
            left,
            self._choice(self._compare(right, _EXTREMES[name], left), right, self._run(slow, left, right)),
        )

    def _twice(self, value: py.expr) -> tuple[py.expr, py.expr]:
        """Code for the first use of a value, and for those after it."""
        if isinstance(value, py.Name | py.Constant):
            return value, value
        name = self._temporary()
        return self._keep(name, value), self._name(name)

    def _direct_round(self, call: ast.Call) -> py.expr | None:
        """`round` of what is known to be a number, to a literal count of decimals."""
        if not isinstance(call.callee, ast.Name) or call.callee.name != "round":
            return None
        decimals: object = 0.0
        if len(call.arguments) == 2:
            second = call.arguments[1].value
            decimals = second.value if isinstance(second, ast.Literal) else None
        first = call.arguments[0].value
        if decimals not in _DIRECT_DECIMALS or not self._shapes[id(first)].only(NUMBER):
            return None
        scale = self._constant(10.0 ** _DIRECT_DECIMALS.index(decimals))
        places = self._constant(float(_DIRECT_DECIMALS.index(decimals)))
        return self._call("round_scaled", self._expression(first), scale, places)

    def _values(self, call: ast.Call) -> list[py.expr]:
        return [self._expression(argument.value) for argument in call.arguments]

    def _helper_call(self, call: ast.Call, helper: ast.Function) -> py.expr:
        given = {argument.name: argument.value for argument in call.arguments}
        arguments = [
            self._expression(given[parameter.name]) if parameter.name in given else self._name("ABSENT")
            for parameter in helper.inputs
        ]
        return self._run("invoke", self._name(f"h_{helper.name}"), *arguments)

    def _blueprint_call(self, call: ast.Call, name: str) -> py.expr:
        """A call of another Blueprint, or else of the Blueprint itself."""
        self._allocates = True
        callee = self._name("own")
        if name not in self._own_names:
            finder = self._state("callee", py.Load())
            callee = py.Call(
                func=finder, args=[self._constant(name)], keywords=[], lineno=self._line, col_offset=0
            )
        names: list[py.expr] = [self._constant(str(argument.name)) for argument in call.arguments]
        named = py.Tuple(elts=names, ctx=py.Load(), lineno=self._line, col_offset=0)
        return py.Call(
            func=py.Attribute(value=callee, attr="call", ctx=py.Load(), lineno=self._line, col_offset=0),
            args=[self._name("s"), named, *self._values(call)],
            keywords=[],
            lineno=self._line,
            col_offset=0,
        )
