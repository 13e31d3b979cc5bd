"""The shapes that a function's variables can have in any run."""

from dataclasses import dataclass

from leapter.veritas import ast
from leapter.veritas.literals import literal_value
from leapter.veritas.shapes import (
    ANYTHING,
    IS_ABSENT,
    NOTHING,
    Shape,
    Shaper,
    binary_shape,
    join,
    shape_of_literal,
    shape_of_type,
)

_MAX_PASSES = 24
# Of a function with more expressions than this, not all is found out.
_MANY_EXPRESSIONS = 20_000
_FEW_PASSES = 6
_ABSENT = Shape(IS_ABSENT)


@dataclass(frozen=True, slots=True)
class Inference:
    """`shapes` are keyed by `id(expression)`; `variables` holds every input, output and local."""

    shapes: dict[int, Shape]
    variables: dict[str, Shape]


def infer(document: ast.Document, function: ast.Function) -> Inference:
    """Starts from what is certain at the start of a run and adds what assignments can add, until nothing
    changes.

    The order of statements plays no part, so the result holds at every point of the function.
    """
    variables: dict[str, Shape] = {}
    is_helper = function is not document.main
    for parameter in function.inputs:
        # Nothing checks the arguments of a call inside a file.
        variables[parameter.name] = ANYTHING if is_helper else shape_of_type(parameter.base)
        if parameter.default is not None and not is_helper:
            variables[parameter.name] = join(
                variables[parameter.name], shape_of_literal(literal_value(parameter.default))
            )
    for output in function.outputs:
        if output.default is not None:
            variables[output.name] = shape_of_literal(literal_value(output.default))
        elif output.base.is_list:
            variables[output.name] = shape_of_literal([])
        else:
            variables[output.name] = _ABSENT
    _declare(function.body, variables)
    shaper = Shaper(variables)
    if len(document.functions) > 1:
        # Helpers can push to lists that are passed to them.
        shaper.stored = ANYTHING
    tracer = _Tracer(shaper, variables)
    passes = 0
    while passes < (_FEW_PASSES if len(shaper.shapes) > _MANY_EXPRESSIONS else _MAX_PASSES):
        passes += 1
        before = (dict(variables), shaper.stored)
        tracer.body(function.body)
        if before == (variables, shaper.stored):
            break
    else:
        for name in variables:
            variables[name] = ANYTHING
        shaper.stored = ANYTHING
        tracer.body(function.body)
    return Inference(shaper.shapes, variables)


def _declare(body: list[ast.Statement], variables: dict[str, Shape]) -> None:
    for statement in body:
        if isinstance(statement, ast.Var):
            for declarator in statement.declarators:
                variables.setdefault(declarator.name, _ABSENT)
        elif isinstance(statement, ast.Choose):
            for branch in statement.branches:
                _declare(branch.body, variables)
        elif isinstance(statement, ast.ForIn):
            variables.setdefault(statement.variable, _ABSENT)
            _declare(statement.body, variables)
        elif isinstance(statement, ast.Section | ast.For | ast.While):
            _declare(statement.body, variables)


class _Tracer:
    """Goes through a function in the order of the source.

    A local is absent until it is assigned. But where its first mention is its initialiser (or the header of
    its `for … in`), and the others are in the same block, it is never seen absent: each way to them leads
    past the first.
    """

    def __init__(self, shaper: Shaper, variables: dict[str, Shape]) -> None:
        self._shaper = shaper
        self._variables = variables
        # The locals that the blocks around the present statement begin with their value, by block.
        self._begun: list[list[str]] = [[]]

    def body(self, body: list[ast.Statement]) -> None:
        for statement in body:
            self._statement(statement)

    def _block(self, body: list[ast.Statement], *begun: str) -> None:
        self._begun.append(list(begun))
        self.body(body)
        self._shaper.ended.update(self._begun.pop())

    def _begin(self, name: str) -> bool:
        """Whether `name` has not been mentioned before this; if so, it is from here to the block's end."""
        if name not in self._shaper.mentioned and self._variables[name] is _ABSENT:
            self._variables[name] = NOTHING
        elif name not in self._shaper.ended:
            return False
        self._shaper.ended.discard(name)
        return True

    def _statement(self, statement: ast.Statement) -> None:
        if isinstance(statement, ast.Var):
            for declarator in statement.declarators:
                if declarator.initial is not None:
                    initial = self._shaper.shape(declarator.initial)
                    if self._begin(declarator.name):
                        self._begun[-1].append(declarator.name)
                    self._add(declarator.name, initial)
        elif isinstance(statement, ast.Assignment):
            self._assign(statement)
        elif isinstance(statement, ast.ExpressionStatement):
            self._shaper.shape(statement.expression)
        elif isinstance(statement, ast.Section):
            self.body(statement.body)
        elif isinstance(statement, ast.Choose):
            for branch in statement.branches:
                if branch.condition is not None:
                    self._shaper.shape(branch.condition)
                self._block(branch.body)
        elif isinstance(statement, ast.Decide):
            for header in statement.inputs:
                self._shaper.shape(header)
            for row in statement.rows:
                for condition in row.conditions:
                    if condition is not None:
                        self._shaper.shape(condition)
                for target, output in zip(statement.targets, row.outputs, strict=True):
                    self._store(target, self._shaper.shape(output))
        elif isinstance(statement, ast.For):
            for assignment in (statement.initial, statement.update):
                if assignment is not None:
                    self._assign(assignment)
            if statement.condition is not None:
                self._shaper.shape(statement.condition)
            self._block(statement.body)
        elif isinstance(statement, ast.ForIn):
            element = self._shaper.element(self._shaper.shape(statement.values))
            is_begun = statement.declares and self._begin(statement.variable)
            self._add(statement.variable, element)
            self._block(statement.body, *([statement.variable] if is_begun else ()))
        elif isinstance(statement, ast.While):
            self._shaper.shape(statement.condition)
            self._block(statement.body)
        elif isinstance(statement, ast.Throw):
            self._shaper.shape(statement.value)

    def _assign(self, assignment: ast.Assignment) -> None:
        value = self._shaper.shape(assignment.value)
        if assignment.operator != "=":
            value = binary_shape(assignment.operator[0], self._shaper.shape(assignment.target), value)
        self._store(assignment.target, value)

    def _store(self, target: ast.Expression, value: Shape) -> None:
        if isinstance(target, ast.Name):
            self._add(target.name, value)
            return
        self._shaper.shape(target)
        if isinstance(target, ast.Index):
            # Storing behind the end leaves absent elements in between.
            self._shaper.store(join(value, _ABSENT))

    def _add(self, name: str, shape: Shape) -> None:
        self._variables[name] = join(self._variables[name], shape)
