"""What kinds of value an expression can have, found without running it.

The compiler uses it for fast paths, so here it must be right for every run; the checker uses it with declared
types.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from leapter.veritas import ast, temporal
from leapter.veritas.builtins import FUNCTIONS, MATH, METHODS
from leapter.veritas.types import Type
from leapter.veritas.values import ABSENT, NULL

NUMBER, TEXT, BOOLEAN, IS_NULL, IS_ABSENT, LIST, OBJECT = 1, 2, 4, 8, 16, 32, 64
EVERYTHING = 127
# Lists inside lists are followed this far.
_MAX_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """`kinds` is a set of bits; `element` is the shape of a list's elements (None: anything)."""

    kinds: int
    element: "Shape | None" = None

    def only(self, kinds: int) -> bool:
        """Whether the value is certainly of one of `kinds`."""
        return not self.kinds & ~kinds

    def certainly(self, kinds: int) -> bool:
        """The same, and that there can be a value at all (a variable that is never assigned has no kind)."""
        return bool(self.kinds) and not self.kinds & ~kinds


NOTHING = Shape(0)
A_NUMBER = Shape(NUMBER)
A_TEXT = Shape(TEXT)
A_BOOLEAN = Shape(BOOLEAN)
ANYTHING = Shape(EVERYTHING)
_ABSENT = Shape(IS_ABSENT)
_TEXT_OR_NULL = Shape(TEXT | IS_NULL)
_EMPTY_LIST = Shape(LIST, NOTHING)


def join(left: Shape, right: Shape, depth: int = 0) -> Shape:
    if left is right or not right.kinds:
        return left
    if not left.kinds:
        return right
    kinds = left.kinds | right.kinds
    element: Shape | None = None
    if kinds & LIST and depth < _MAX_DEPTH:
        if not left.kinds & LIST:
            element = right.element
        elif not right.kinds & LIST:
            element = left.element
        elif left.element is not None and right.element is not None:
            element = join(left.element, right.element, depth + 1)
    return Shape(kinds, element)


def _cut(shape: Shape, depth: int) -> Shape:
    """`shape` with lists inside lists followed no further than the bound, so that growing shapes settle."""
    if shape.element is None:
        return shape
    if depth >= _MAX_DEPTH:
        return Shape(shape.kinds)
    return Shape(shape.kinds, _cut(shape.element, depth + 1))


def shape_of_type(declared: Type) -> Shape:
    """What the run boundary lets through for a declared type, its aliases resolved (`Types.resolve`)."""
    kind = declared.kind
    if kind in ("number", "percent"):
        return A_NUMBER
    if kind == "text":
        return A_TEXT
    if kind in temporal.KINDS:
        # There is no zero among dates, so null stays null.
        return _TEXT_OR_NULL
    if kind == "boolean":
        return A_BOOLEAN
    if kind == "list":
        return Shape(LIST, shape_of_type(declared.element) if declared.element else None)
    if kind == "any multiple":
        return Shape(LIST, Shape(OBJECT))
    if kind in ("map", "any single", "range", "named"):
        return Shape(OBJECT)
    return ANYTHING


def shape_of_literal(value: object) -> Shape:
    if isinstance(value, float):
        return A_NUMBER
    if isinstance(value, str):
        return A_TEXT
    if isinstance(value, bool):
        return A_BOOLEAN
    if value is NULL:
        return Shape(IS_NULL)
    if value is ABSENT:
        return _ABSENT
    if isinstance(value, list):
        element = NOTHING
        for item in value:
            element = join(element, shape_of_literal(item))
        return _cut(Shape(LIST, element), 0)
    return Shape(OBJECT)


_KIND_WORDS = ((NUMBER, "number"), (TEXT, "text"), (BOOLEAN, "boolean"), (LIST, "list"), (OBJECT, "object"))


def words(shape: Shape) -> str:
    """What a value is, for messages: `a number or text`."""
    words = [word for bit, word in _KIND_WORDS if shape.kinds & bit]
    articles = {"object": "an object", "text": "text"}
    return " or ".join(articles.get(word, f"a {word}") for word in words) or "nothing"


class Shaper:
    """Finds the shape of expressions, given those of the variables; `shapes` keeps them by
    `id(expression)`.
    """

    def __init__(self, variables: Mapping[str, Shape], *, is_final: bool = False) -> None:
        """`is_final` says that the variables keep their shapes, so that none has to be found twice."""
        self.variables = variables
        self.shapes: dict[int, Shape] = {}
        self._is_final = is_final
        # Everything that is ever stored into some list after it was made. Lists have aliases, so it
        # is one for all.
        self.stored = NOTHING
        # The variables that have been mentioned, and those that have a value for certain in one block only,
        # which has ended: here they may be absent.
        self.mentioned: set[str] = set()
        self.ended: set[str] = set()

    def element(self, shape: Shape) -> Shape:
        if not shape.kinds & LIST:
            return NOTHING
        if shape.element is None:
            return ANYTHING
        return join(shape.element, self.stored)

    def store(self, shape: Shape) -> None:
        self.stored = join(self.stored, _cut(shape, 1))

    def shape(self, expression: ast.Expression) -> Shape:
        if self._is_final and (known := self.shapes.get(id(expression))):
            return known
        result = self._shape(expression)
        self.shapes[id(expression)] = result
        return result

    def _shape(self, expression: ast.Expression) -> Shape:
        if isinstance(expression, ast.Name):
            name = expression.name
            self.mentioned.add(name)
            shape = self.variables.get(name, ANYTHING)
            return join(shape, _ABSENT) if name in self.ended else shape
        if isinstance(expression, ast.Literal):
            return shape_of_literal(expression.value)
        if isinstance(expression, ast.Binary):
            left, right = self.shape(expression.left), self.shape(expression.right)
            return binary_shape(expression.operator, left, right)
        if isinstance(expression, ast.Logical):
            left, right = self.shape(expression.left), self.shape(expression.right)
            return join(left, right)
        if isinstance(expression, ast.Unary):
            self.shape(expression.operand)
            return A_BOOLEAN if expression.operator == "!" else A_NUMBER
        if isinstance(expression, ast.Conditional):
            self.shape(expression.condition)
            return join(self.shape(expression.consequent), self.shape(expression.alternative))
        if isinstance(expression, ast.Property):
            target = self.shape(expression.target)
            if expression.name == "length" and target.only(LIST | TEXT | IS_NULL | IS_ABSENT):
                return A_NUMBER
            return ANYTHING
        if isinstance(expression, ast.Index):
            target, index = self.shape(expression.target), self.shape(expression.index)
            if target.only(LIST | TEXT | IS_NULL | IS_ABSENT) and index.only(NUMBER | IS_NULL | IS_ABSENT):
                result = join(self.element(target), _ABSENT)
                return join(result, A_TEXT) if target.kinds & TEXT else result
            return ANYTHING
        if isinstance(expression, ast.ListLiteral):
            element = NOTHING
            for item in expression.elements:
                element = join(element, self.shape(item))
            return _cut(Shape(LIST, element), 0)
        if isinstance(expression, ast.ObjectLiteral):
            for _, value in expression.entries:
                self.shape(value)
            return Shape(OBJECT)
        return self._call(cast("ast.Call", expression))

    def _call(self, call: ast.Call) -> Shape:
        arguments = [self.shape(argument.value) for argument in call.arguments]
        callee = call.callee
        if isinstance(callee, ast.Name):
            builtin = FUNCTIONS.get(callee.name)
            if builtin is None:
                return Shape(OBJECT)
            return self._result(builtin.result, NOTHING, arguments)
        if isinstance(callee, ast.Property):
            if (
                isinstance(callee.target, ast.Name)
                and callee.target.name == "Math"
                and "Math" not in self.variables
            ):
                return A_NUMBER if callee.name in MATH else ANYTHING
            receiver = self.shape(callee.target)
            if callee.name == "push":
                for argument in arguments:
                    self.store(argument)
            elif callee.name == "splice":
                for argument in arguments[2:]:
                    self.store(argument)
            method = METHODS.get(callee.name)
            if method is not None:
                return self._result(method.result, receiver, arguments)
        return ANYTHING

    def _result(self, result: str, receiver: Shape, arguments: list[Shape]) -> Shape:
        if result == "number":
            return A_NUMBER
        if result == "text":
            return A_TEXT
        if result == "boolean":
            return A_BOOLEAN
        if result == "number or null":
            return Shape(NUMBER | IS_NULL)
        if result == "text or null":
            return _TEXT_OR_NULL
        if result == "boolean or null":
            return Shape(BOOLEAN | IS_NULL)
        if result == "list of text":
            return Shape(LIST, A_TEXT)
        if result == "element":
            return join(self.element(receiver), _ABSENT)
        if result == "receiver":
            # Calling it on anything but a list or a text ends the run.
            return Shape(receiver.kinds & (LIST | TEXT), receiver.element)
        if result == "receiver list":
            return Shape(LIST, receiver.element if receiver.kinds & LIST else NOTHING)
        if result == "first" and arguments:
            return Shape(LIST, arguments[0].element if arguments[0].kinds & LIST else NOTHING)
        if result == "number or second":
            return join(A_NUMBER, arguments[1]) if len(arguments) > 1 else A_NUMBER
        if result == "first or second" and len(arguments) > 1:
            first = Shape(arguments[0].kinds & ~(IS_NULL | IS_ABSENT), arguments[0].element)
            return join(first, arguments[1])
        return ANYTHING


_COMPARISONS = frozenset(("==", "!=", "===", "!==", "<", "<=", ">", ">="))
_NUMERIC = NUMBER | BOOLEAN | IS_NULL | IS_ABSENT


def binary_shape(operator: str, left: Shape, right: Shape) -> Shape:
    if operator in _COMPARISONS:
        return A_BOOLEAN
    if operator != "+":
        return A_NUMBER
    if left.only(_NUMERIC) and right.only(_NUMERIC):
        return A_NUMBER
    if not left.kinds & _NUMERIC or not right.kinds & _NUMERIC:
        return A_TEXT
    return Shape(NUMBER | TEXT)
