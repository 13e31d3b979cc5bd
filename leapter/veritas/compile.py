"""A checked syntax tree to Python code.

Every function of the document becomes one Python function, built as a Python syntax tree (so no text is ever
quoted) and compiled with no builtins in reach. Each statement gets a line number of its own; when a run
fails, the line in the traceback tells the node, at no cost to runs that succeed.

Statements are counted block by block in a local variable. Only loops and helper functions compare the count
with the limit, since all else is bounded by the length of the source; `Program.run` compares it once more at
the end.
"""

import ast as py
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

from leapter.veritas import ast, operations
from leapter.veritas.builtins import DIRECT_MATH, FUNCTIONS, MATH, RUNTIME_FUNCTIONS
from leapter.veritas.errors import BlueprintThrown, Node
from leapter.veritas.infer import Inference, infer
from leapter.veritas.literals import literal_value
from leapter.veritas.numbers import round_scaled
from leapter.veritas.shapes import BOOLEAN, IS_ABSENT, IS_NULL, LIST, NUMBER, OBJECT, TEXT, Shape
from leapter.veritas.state import State
from leapter.veritas.values import ABSENT, NULL

# `elif` nests in Python's tree, so a long chain is cut into pieces of this many branches.
_BRANCHES_AT_ONCE = 40
# A literal longer than this is measured against the limit for texts when it is used.
_LONG_TEXT = 1000
# A statement longer than this many characters of source looks at the clock before it runs.
_LONG_STATEMENT = 2000

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

# Runtime functions that make no text, list or object; a loop with any other measures its memory.
_FRUGAL = frozenset(
    (
        *(f"math_{name}" for name in MATH),
        *(f"function_{name}" for name in FUNCTIONS if name != "sort"),
        *(f"method_{name}" for name in ("pop", "indexOf", "reverse", "charAt")),
        *(name for name in _GENERIC_OPERATORS.values() if name != "add"),
        *("strictly_equal", "loosely_equal", "minus", "to_number", "elements_of", "literal_text", "throw"),
        *("get_property", "get_index", "set_property"),
    )
)
_DIRECT_DECIMALS: tuple[object, ...] = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)

FILENAME = "<veritas>"

_Code = Callable[..., tuple[object, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Helper:
    """A compiled function of the document: the code and the names of what it returns."""

    function: _Code
    outputs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """`function(state, *inputs)` returns the outputs in order; `nodes[line]` is the node of a line of the
    code.
    """

    function: _Code
    nodes: tuple[Node, ...]


def invoke(state: State, helper: Helper, *arguments: object) -> dict[str, object]:
    """Calls a helper; the result is the object of its outputs, absent ones left out."""
    state.enter()
    try:
        results = helper.function(state, *arguments)
    finally:
        state.leave()
    state.members(len(results))
    return {name: value for name, value in zip(helper.outputs, results, strict=True) if value is not ABSENT}


def throw(state: State, value: object) -> None:
    raise BlueprintThrown(operations.to_text(state, value))


_RUNTIME: dict[str, object] = {
    **RUNTIME_FUNCTIONS,
    **{
        name: getattr(operations, name)
        for name in [
            "add",
            "subtract",
            "multiply",
            "quotient",
            "remainder",
            "minus",
            "less",
            "less_or_equal",
            "greater",
            "greater_or_equal",
            "strictly_equal",
            "loosely_equal",
            "negate",
            "concatenate",
            "get_property",
            "get_index",
            "set_property",
            "set_index",
            "elements_of",
            "new_list",
            "new_object",
            "literal_text",
            "to_number",
        ]
    },
    **{f"direct_{name}": function for name, function in DIRECT_MATH.items()},
    "round_scaled": round_scaled,
    "len": len,
    "float": float,
    "invoke": invoke,
    "throw": throw,
    "NULL": NULL,
    "ABSENT": ABSENT,
}


def compile_document(document: ast.Document) -> Compiled:
    """Compiles a document that the checker found no errors in."""
    by_name = {function.name: function for function in document.functions}
    helpers = {function.name: position for position, function in enumerate(document.functions[:-1])}
    nodes: list[Node] = [Node(id="", label="", line=0)]
    shared_count = len(document.functions) > 1
    compilers = [
        _FunctionCompiler(
            function,
            infer(document, function),
            nodes,
            by_name,
            is_helper=function is not document.main,
            shared_count=shared_count,
        )
        for function in document.functions
    ]
    definitions: list[py.stmt] = [
        compiler.definition(f"f{position}") for position, compiler in enumerate(compilers)
    ]
    module = py.Module(body=definitions, type_ignores=[])
    namespace: dict[str, object] = {"__builtins__": {}, **_RUNTIME}
    exec(compile(module, FILENAME, "exec", dont_inherit=True), namespace)  # noqa: S102 - the tree is our own
    for name, position in helpers.items():
        function = cast("_Code", namespace[f"f{position}"])
        namespace[f"h_{name}"] = Helper(
            function=function, outputs=tuple(output.name for output in document.functions[position].outputs)
        )
    main = cast("_Code", namespace[f"f{len(document.functions) - 1}"])
    return Compiled(function=main, nodes=tuple(nodes))


@dataclass(frozen=True, slots=True)
class _Operand:
    """The code of an operand, what it can be, and its value where it is a literal."""

    code: py.expr
    shape: Shape
    literal: object


class _FunctionCompiler:
    def __init__(
        self,
        function: ast.Function,
        inference: Inference,
        nodes: list[Node],
        helpers: dict[str, ast.Function],
        *,
        is_helper: bool,
        shared_count: bool,
    ) -> None:
        self._function = function
        self._shapes = inference.shapes
        self._variables = inference.variables
        self._nodes = nodes
        self._helpers = helpers
        self._is_helper = is_helper
        self._shared_count = shared_count
        self._line = 1
        self._temporaries = 0
        self._once: list[str] = []
        self._loops = 0
        # Whether the code since the innermost loop began can make texts, lists or objects.
        self._allocates = False

    # Python nodes; all carry the present line

    def _name(self, name: str) -> py.expr:
        return py.Name(id=name, ctx=py.Load(), lineno=self._line, col_offset=0)

    def _constant(self, value: float | str | bool) -> py.expr:
        return py.Constant(value=value, lineno=self._line, col_offset=0)

    def _call(self, function: str, *arguments: py.expr) -> py.expr:
        return py.Call(
            func=self._name(function), args=list(arguments), keywords=[], lineno=self._line, col_offset=0
        )

    def _run(self, function: str, *arguments: py.expr) -> py.expr:
        """A call of a runtime function that takes the state first."""
        self._allocates = self._allocates or function not in _FRUGAL
        return self._call(function, self._name("s"), *arguments)

    def _assign(self, name: str, value: py.expr) -> py.stmt:
        target = py.Name(id=name, ctx=py.Store(), lineno=self._line, col_offset=0)
        return py.Assign(targets=[target], value=value, lineno=self._line, col_offset=0)

    def _evaluate(self, value: py.expr) -> py.stmt:
        return py.Expr(value=value, lineno=self._line, col_offset=0)

    def _if(self, test: py.expr, body: list[py.stmt], otherwise: list[py.stmt] | None = None) -> py.stmt:
        return py.If(test=test, body=body, orelse=otherwise or [], lineno=self._line, col_offset=0)

    def _not(self, value: py.expr) -> py.expr:
        return py.UnaryOp(op=py.Not(), operand=value, lineno=self._line, col_offset=0)

    def _compare(self, left: py.expr, operator: type[py.cmpop], right: py.expr) -> py.expr:
        return py.Compare(left=left, ops=[operator()], comparators=[right], lineno=self._line, col_offset=0)

    def _binary(self, left: py.expr, operator: type[py.operator], right: py.expr) -> py.expr:
        return py.BinOp(left=left, op=operator(), right=right, lineno=self._line, col_offset=0)

    def _choice(self, test: py.expr, yes: py.expr, no: py.expr) -> py.expr:
        return py.IfExp(test=test, body=yes, orelse=no, lineno=self._line, col_offset=0)

    def _state(self, attribute: str, context: py.expr_context) -> py.Attribute:
        return py.Attribute(
            value=self._name("s"), attr=attribute, ctx=context, lineno=self._line, col_offset=0
        )

    def _temporary(self) -> str:
        self._temporaries += 1
        return f"t{self._temporaries}"

    def _keep(self, name: str, value: py.expr) -> py.expr:
        """`(name := value)`."""
        target = py.Name(id=name, ctx=py.Store(), lineno=self._line, col_offset=0)
        return py.NamedExpr(target=target, value=value, lineno=self._line, col_offset=0)

    def _mark(self, notes: ast.Notes, line: int) -> None:
        """From here on, code belongs to the node that `notes` describe."""
        self._nodes.append(Node(id=notes.node_id, label=notes.label, line=line))
        self._line = len(self._nodes) - 1

    # Functions

    def definition(self, name: str) -> py.stmt:
        function = self._function
        self._mark(function.notes, function.line)
        first_line = self._line
        body: list[py.stmt] = []
        if self._is_helper:
            body += self._count(1, is_checked=True)
        statements = self._body(function.body, is_checked=False)
        self._line = first_line
        body = self._prologue() + body + statements
        if not statements or not isinstance(statements[-1], py.Return):
            body += self._return()
        parameters = [py.arg(arg="s", lineno=first_line, col_offset=0)]
        parameters += [
            py.arg(arg=f"v_{parameter.name}", lineno=first_line, col_offset=0)
            for parameter in function.inputs
        ]
        arguments = py.arguments(
            posonlyargs=[],
            args=parameters,
            vararg=None,
            kwonlyargs=[],
            kw_defaults=[],
            kwarg=None,
            defaults=[],
        )
        return py.FunctionDef(
            name=name,
            args=arguments,
            body=body,
            decorator_list=[],
            returns=None,
            lineno=first_line,
            col_offset=0,
        )

    def _prologue(self) -> list[py.stmt]:
        """Outputs get their starting values, locals are absent, and the count begins."""
        statements: list[py.stmt] = []
        if not self._shared_count:
            statements.append(self._assign("n", self._constant(0)))
            if self._has_loops(self._function.body):
                statements.append(self._assign("m", self._state("next_check", py.Load())))
        for parameter in self._function.inputs:
            if parameter.default is not None and self._is_helper:
                # A call that leaves the argument out passes absent.
                name = f"v_{parameter.name}"
                test = self._compare(self._name(name), py.Is, self._name("ABSENT"))
                statements.append(
                    self._if(test, [self._assign(name, self._value(literal_value(parameter.default)))])
                )
        absent: list[str] = []
        for output in self._function.outputs:
            if output.default is not None:
                statements.append(
                    self._assign(f"v_{output.name}", self._value(literal_value(output.default)))
                )
            elif output.type.is_list:
                statements.append(self._assign(f"v_{output.name}", self._value([])))
            else:
                absent.append(f"v_{output.name}")
        parameters = {parameter.name for parameter in (*self._function.inputs, *self._function.outputs)}
        absent += [f"v_{name}" for name in self._variables if name not in parameters]
        if absent:
            targets: list[py.expr] = [
                py.Name(id=name, ctx=py.Store(), lineno=self._line, col_offset=0) for name in absent
            ]
            statements.append(
                py.Assign(targets=targets, value=self._name("ABSENT"), lineno=self._line, col_offset=0)
            )
        statements += [self._assign(name, self._constant(False)) for name in self._once]
        return statements

    def _has_loops(self, body: Iterable[ast.Statement]) -> bool:
        for statement in body:
            if isinstance(statement, ast.For | ast.ForIn | ast.While):
                return True
            if isinstance(statement, ast.Section) and self._has_loops(statement.body):
                return True
            if isinstance(statement, ast.Choose):
                for branch in statement.branches:
                    if self._has_loops(branch.body):
                        return True
        return False

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

    def _return(self) -> list[py.stmt]:
        statements: list[py.stmt] = []
        if not self._shared_count:
            target = self._state("statements", py.Store())
            statements.append(
                py.Assign(targets=[target], value=self._name("n"), lineno=self._line, col_offset=0)
            )
        outputs = [self._name(f"v_{output.name}") for output in self._function.outputs]
        result = py.Tuple(elts=outputs, ctx=py.Load(), lineno=self._line, col_offset=0)
        statements.append(py.Return(value=result, lineno=self._line, col_offset=0))
        return statements

    # Counting

    def _count(self, statements: int, *, is_checked: bool, measures: bool = False) -> list[py.stmt]:
        """Adds to the count of statements; compares it with the next check where a loop or a call could
        run away.
        """
        amount = self._constant(statements)
        line = self._line
        if not self._shared_count:
            counter: py.Name | py.Attribute = py.Name(id="n", ctx=py.Store(), lineno=line, col_offset=0)
            read, bound = self._name("n"), self._name("m")
            check = self._assign("m", self._method("check", self._name("n")))
        else:
            counter = self._state("statements", py.Store())
            read, bound = self._state("statements", py.Load()), self._state("next_check", py.Load())
            check = self._evaluate(self._method("check_shared"))
        result: list[py.stmt] = [
            py.AugAssign(target=counter, op=py.Add(), value=amount, lineno=line, col_offset=0)
        ]
        if is_checked:
            test = self._compare(read, py.Gt, bound)
            if measures:
                allocated, measure_at = (self._state(name, py.Load()) for name in ("allocated", "measure_at"))
                is_full = self._compare(allocated, py.Gt, measure_at)
                test = py.BoolOp(op=py.Or(), values=[test, is_full], lineno=line, col_offset=0)
            result.append(self._if(test, [check]))
        return result

    def _method(self, name: str, *arguments: py.expr) -> py.expr:
        function = self._state(name, py.Load())
        return py.Call(func=function, args=list(arguments), keywords=[], lineno=self._line, col_offset=0)

    # Statements

    def _body(self, body: list[ast.Statement], *, is_checked: bool, extra: int = 0) -> list[py.stmt]:
        """A block. `extra` statements are counted besides its own: the header of the loop around it."""
        line = self._line
        count = extra + self._weight(body)
        first_line = self._line
        if body:
            self._mark(body[0].notes, body[0].line)
            first_line = self._line
        allocated_before, self._allocates = self._allocates, False
        result: list[py.stmt] = []
        for statement in body:
            result += self._statement(statement)
        if count:
            self._line = first_line
            result = self._count(count, is_checked=is_checked, measures=self._allocates) + result
        self._allocates = self._allocates or allocated_before
        self._line = line
        if not result:
            result.append(py.Pass(lineno=self._line, col_offset=0))
        return result

    def _weight(self, body: list[ast.Statement]) -> int:
        """Statements that run whenever the block does; a section's are part of the block around it."""
        count = 0
        for statement in body:
            count += 1
            if isinstance(statement, ast.Section):
                count += self._weight(statement.body)
        return count

    def _statement(self, statement: ast.Statement) -> list[py.stmt]:
        self._mark(statement.notes, statement.line)
        if isinstance(statement, ast.Section):
            result: list[py.stmt] = []
            for inner in statement.body:
                result += self._statement(inner)
            return result
        result = []
        if statement.end - statement.start > _LONG_STATEMENT:
            result.append(self._evaluate(self._method("check_time")))
        if isinstance(statement, ast.Var):
            for declarator in statement.declarators:
                result += self._declarator(declarator)
        elif isinstance(statement, ast.Assignment):
            result += self._assignment(statement)
        elif isinstance(statement, ast.ExpressionStatement):
            result.append(self._evaluate(self._expression(statement.expression)))
        elif isinstance(statement, ast.Choose):
            result += self._choose(statement)
        elif isinstance(statement, ast.Decide):
            result += self._decide(statement)
        elif isinstance(statement, ast.For):
            result += self._for(statement)
        elif isinstance(statement, ast.ForIn):
            result += self._for_in(statement)
        elif isinstance(statement, ast.While):
            result.append(self._while(statement))
        elif isinstance(statement, ast.Break):
            result.append(py.Break(lineno=self._line, col_offset=0))
        elif isinstance(statement, ast.Continue):
            result.append(py.Continue(lineno=self._line, col_offset=0))
        elif isinstance(statement, ast.Throw):
            result.append(self._evaluate(self._run("throw", self._expression(statement.value))))
        elif isinstance(statement, ast.Return):
            result += self._return()
        return result

    def _declarator(self, declarator: ast.Declarator) -> list[py.stmt]:
        if declarator.initial is None:
            return []
        assign = self._assign(f"v_{declarator.name}", self._expression(declarator.initial))
        if not self._loops:
            return [assign]
        # Inside a loop, a flag keeps the initialiser to the first time.
        flag = f"i{len(self._once)}"
        self._once.append(flag)
        return [self._if(self._not(self._name(flag)), [self._assign(flag, self._constant(True)), assign])]

    def _assignment(self, assignment: ast.Assignment) -> list[py.stmt]:
        target = assignment.target
        if isinstance(target, ast.Name):
            if assignment.operator == "=":
                return [self._assign(f"v_{target.name}", self._expression(assignment.value))]
            old = _Operand(self._name(f"v_{target.name}"), self._variables[target.name], None)
            value = self._operation(assignment.operator[0], old, self._operand(assignment.value))
            return [self._assign(f"v_{target.name}", value)]
        if isinstance(target, ast.Property):
            key: py.expr = self._constant(target.name)
            read, write = "get_property", "set_property"
        else:
            target = cast(ast.Index, target)
            key = self._expression(target.index)
            read, write = "get_index", "set_index"
        holder = self._expression(target.target)
        if assignment.operator == "=":
            return [self._evaluate(self._run(write, holder, key, self._expression(assignment.value)))]
        # A compound assignment evaluates its target once.
        holder_name = self._temporary()
        statements = [self._assign(holder_name, holder)]
        if not isinstance(key, py.Constant):
            key_name = self._temporary()
            statements.append(self._assign(key_name, key))
            key = self._name(key_name)
        old = _Operand(self._run(read, self._name(holder_name), key), self._shapes[id(target)], None)
        value = self._operation(assignment.operator[0], old, self._operand(assignment.value))
        statements.append(self._evaluate(self._run(write, self._name(holder_name), key, value)))
        return statements

    def _choose(self, choose: ast.Choose) -> list[py.stmt]:
        conditional = [branch for branch in choose.branches if branch.condition is not None]
        otherwise = [branch for branch in choose.branches if branch.condition is None]
        pieces: list[tuple[py.expr, list[py.stmt], int]] = []
        for branch in conditional:
            self._mark(branch.notes, branch.line)
            test = self._condition(cast(ast.Expression, branch.condition))
            pieces.append((test, self._body(branch.body, is_checked=False), self._line))
        last: list[py.stmt] = []
        if otherwise:
            self._mark(otherwise[0].notes, otherwise[0].line)
            last = self._body(otherwise[0].body, is_checked=False)
        return self._chain(pieces, last)

    def _chain(self, pieces: list[tuple[py.expr, list[py.stmt], int]], last: list[py.stmt]) -> list[py.stmt]:
        """The first piece whose test holds runs, else `last`."""
        if not pieces:
            return last
        if len(pieces) <= _BRANCHES_AT_ONCE:
            return [self._nest(pieces, last)]
        done = self._temporary()
        result: list[py.stmt] = []
        for first in range(0, len(pieces), _BRANCHES_AT_ONCE):
            chunk = pieces[first : first + _BRANCHES_AT_ONCE]
            # The flag is set before the chain and taken back when no branch was chosen.
            part = [
                self._assign(done, self._constant(True)),
                self._nest(chunk, [self._assign(done, self._constant(False))]),
            ]
            result += part if first == 0 else [self._if(self._not(self._name(done)), part)]
        if last:
            result.append(self._if(self._not(self._name(done)), last))
        return result

    def _nest(self, pieces: list[tuple[py.expr, list[py.stmt], int]], last: list[py.stmt]) -> py.stmt:
        otherwise = last
        line = self._line
        for test, body, own_line in reversed(pieces):
            self._line = own_line
            otherwise = [self._if(test, body, otherwise)]
        self._line = line
        return otherwise[0]

    def _decide(self, table: ast.Decide) -> list[py.stmt]:
        statements: list[py.stmt] = []
        inputs: list[tuple[str, Shape]] = []
        for header in table.inputs:
            name = self._temporary()
            statements.append(self._assign(name, self._expression(header)))
            inputs.append((name, self._shapes[id(header)]))
        pieces: list[tuple[py.expr, list[py.stmt], int]] = []
        for row in table.rows:
            self._mark(row.notes, row.line)
            tests = [
                self._strict(_Operand(self._name(name), shape, None), self._operand(cell))
                for (name, shape), cell in zip(inputs, row.conditions, strict=True)
                if cell is not None
            ]
            test: py.expr = self._constant(True)
            if len(tests) == 1:
                test = tests[0]
            elif tests:
                test = py.BoolOp(op=py.And(), values=tests, lineno=self._line, col_offset=0)
            body: list[py.stmt] = []
            for target, output in zip(table.targets, row.outputs, strict=True):
                body += self._assignment(
                    ast.Assignment(row.notes, row.start, row.start, row.line, target, "=", output)
                )
            pieces.append((test, body, self._line))
        return statements + self._chain(pieces, [])

    def _loop_body(self, body: list[ast.Statement]) -> list[py.stmt]:
        self._loops += 1
        result = self._body(body, is_checked=True, extra=1)
        self._loops -= 1
        return result

    def _while_loop(self, test: py.expr, body: list[py.stmt]) -> py.stmt:
        return py.While(test=test, body=body, orelse=[], lineno=self._line, col_offset=0)

    def _while(self, loop: ast.While) -> py.stmt:
        test = self._condition(loop.condition)
        return self._while_loop(test, self._loop_body(loop.body))

    def _for(self, loop: ast.For) -> list[py.stmt]:
        statements: list[py.stmt] = []
        if loop.initial is not None:
            statements += self._assignment(loop.initial)
        test = self._constant(True) if loop.condition is None else self._condition(loop.condition)
        self._loops += 1
        update = [] if loop.update is None else self._assignment(loop.update)
        self._loops -= 1
        if not update or not _continues(loop.body):
            body = self._loop_body(loop.body)
            statements.append(self._while_loop(test, body + update))
            return statements
        # `continue` has to reach the update, so the update stands first and is left out the first time.
        flag = self._temporary()
        statements.append(self._assign(flag, self._constant(False)))
        first = self._if(self._name(flag), update, [self._assign(flag, self._constant(True))])
        leave = self._if(self._not(test), [py.Break(lineno=self._line, col_offset=0)])
        statements.append(self._while_loop(self._constant(True), [first, leave, *self._loop_body(loop.body)]))
        return statements

    def _for_in(self, loop: ast.ForIn) -> list[py.stmt]:
        values = self._expression(loop.values)
        if not self._shapes[id(loop.values)].certainly(LIST):
            values = self._run("elements_of", values)
        # The list is kept in a local, where the measuring of memory finds it.
        kept = self._temporary()
        statements = [self._assign(kept, values)]
        target = py.Name(id=f"v_{loop.variable}", ctx=py.Store(), lineno=self._line, col_offset=0)
        # Python's own iterator over a list follows what is pushed meanwhile, as ES5 does.
        statements.append(
            py.For(
                target=target,
                iter=self._name(kept),
                body=self._loop_body(loop.body),
                orelse=[],
                lineno=self._line,
                col_offset=0,
            )
        )
        return statements

    # Expressions

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

    def _operand(self, expression: ast.Expression) -> "_Operand":
        value = expression.value if isinstance(expression, ast.Literal) else None
        return _Operand(self._expression(expression), self._shapes[id(expression)], value)

    def _operation(self, operator: str, left: "_Operand", right: "_Operand") -> py.expr:
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

    def _strict(self, left: "_Operand", right: "_Operand") -> py.expr:
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

    def _loose(self, left: "_Operand", right: "_Operand") -> py.expr:
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
            return self._helper_call(call, self._helpers[name])
        callee = cast(ast.Property, call.callee)
        is_math = isinstance(callee.target, ast.Name) and callee.target.name == "Math"
        if is_math and "Math" not in self._variables and callee.name in MATH:
            direct = DIRECT_MATH.get(callee.name)
            if direct is not None and self._shapes[id(call.arguments[0].value)].only(NUMBER):
                return self._call(f"direct_{callee.name}", *self._values(call))
            return self._run(f"math_{callee.name}", *self._values(call))
        return self._run(f"method_{callee.name}", self._expression(callee.target), *self._values(call))

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


def _continues(body: Iterable[ast.Statement]) -> bool:
    """Whether a `continue` in `body` belongs to the loop around it."""
    for statement in body:
        if isinstance(statement, ast.Continue):
            return True
        if isinstance(statement, ast.Section) and _continues(statement.body):
            return True
        if isinstance(statement, ast.Choose) and any(
            _continues(branch.body) for branch in statement.branches
        ):
            return True
    return False
