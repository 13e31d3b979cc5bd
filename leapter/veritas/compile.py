"""A checked syntax tree to Python code.

Every function of the document becomes one Python function, built as a Python syntax tree (so no text is ever
quoted) and compiled with no builtins in reach. Each statement gets a line number of its own; when a run
fails, the line in the traceback tells the node, at no cost to runs that succeed.

Statements are counted block by block in a local variable. Only loops and helper functions compare the count
with the limit, since all else is bounded by the length of the source; `Program.run` compares it once more at
the end.
"""

import ast as py
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from leapter.veritas import ast, operations
from leapter.veritas.builtins import DIRECT_MATH, RUNTIME_FUNCTIONS
from leapter.veritas.check_calls import identifier_of
from leapter.veritas.compile_expressions import ExpressionCompiler, Operand
from leapter.veritas.errors import BlueprintThrown, Node
from leapter.veritas.infer import Inference, infer
from leapter.veritas.literals import literal_value
from leapter.veritas.methods import push_one
from leapter.veritas.numbers import round_scaled
from leapter.veritas.shapes import LIST, Shape
from leapter.veritas.state import State
from leapter.veritas.values import ABSENT, NULL

# `elif` nests in Python's tree, so a long chain is cut into pieces of this many branches.
_BRANCHES_AT_ONCE = 40
# A statement longer than this many characters of source looks at the clock before it runs.
_LONG_STATEMENT = 2000

FILENAME = "<veritas>"

Code = Callable[..., tuple[object, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Helper:
    """A compiled function of the document: the code and the names of what it returns."""

    function: Code
    outputs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """`function(state, *inputs)` returns the outputs in order; `names` are the globals of its code.

    `names["nodes"][line]` is the node of a line; `names["own"]` is for the program, which calls of the
    Blueprint to itself look for.
    """

    function: Code
    names: dict[str, object]


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


RUNTIME: dict[str, object] = {
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
    "push_one": push_one,
    "len": len,
    "float": float,
    "invoke": invoke,
    "throw": throw,
    "NULL": NULL,
    "ABSENT": ABSENT,
}


def compile_document(
    document: ast.Document,
    compiler_of: "Callable[..., FunctionCompiler] | None" = None,
    runtime: Mapping[str, object] = RUNTIME,
) -> Compiled:
    """Compiles a document that the checker found no errors in. Another compiler of functions may make other
    code, which finds the names of `runtime`.
    """
    by_name = {function.name: function for function in document.functions[:-1]}
    helpers = {function.name: position for position, function in enumerate(document.functions[:-1])}
    nodes: list[Node] = [Node(id="", label="", line=0, blueprint=identifier_of(document.main))]
    # What is called counts in the state, so a caller has to.
    shared_count = len(document.functions) > 1 or bool(document.calls or document.own_names)
    compilers = [
        (compiler_of or FunctionCompiler)(
            function,
            infer(document, function),
            nodes,
            by_name,
            document.own_names,
            is_helper=function is not document.main,
            shared_count=shared_count,
        )
        for function in document.functions
    ]
    definitions: list[py.stmt] = [
        compiler.definition(f"f{position}") for position, compiler in enumerate(compilers)
    ]
    module = py.Module(body=definitions, type_ignores=[])
    namespace: dict[str, object] = {"__builtins__": {}, **runtime}
    for compiler in compilers:
        namespace |= compiler.names
    exec(compile(module, FILENAME, "exec", dont_inherit=True), namespace)  # noqa: S102 - the tree is our own
    for name, position in helpers.items():
        function = cast("Code", namespace[f"f{position}"])
        namespace[f"h_{name}"] = Helper(
            function=function, outputs=tuple(output.name for output in document.functions[position].outputs)
        )
    main = cast("Code", namespace[f"f{len(document.functions) - 1}"])
    namespace["nodes"] = tuple(nodes)
    return Compiled(function=main, names=namespace)


class FunctionCompiler(ExpressionCompiler):
    def __init__(
        self,
        function: ast.Function,
        inference: Inference,
        nodes: list[Node],
        helpers: dict[str, ast.Function],
        own_names: frozenset[str],
        *,
        is_helper: bool,
        shared_count: bool,
    ) -> None:
        super().__init__(inference, helpers, own_names)
        self._function = function
        self._nodes = nodes
        self._is_helper = is_helper
        self._shared_count = shared_count
        self._once: list[str] = []
        self._loops = 0
        # Globals that the code of this function needs beside those of the runtime.
        self.names: dict[str, object] = {}

    def _mark(self, notes: ast.Notes, line: int) -> None:
        """From here on, code belongs to the node that `notes` describe."""
        blueprint = self._nodes[0].blueprint
        self._nodes.append(Node(id=notes.node_id, label=notes.label, line=line, blueprint=blueprint))
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
            # Zero at the start of a run; more where another Blueprint calls this one.
            statements.append(self._assign("n", self._state("statements", py.Load())))
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
            elif output.base.is_list:
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
        else:  # return
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
            old = Operand(self._name(f"v_{target.name}"), self._shapes[id(target)], None)
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
        old = Operand(self._run(read, self._name(holder_name), key), self._shapes[id(target)], None)
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
            pieces.append((test, self._branch(choose, branch), self._line))
        if otherwise:
            self._mark(otherwise[0].notes, otherwise[0].line)
            return self._chain(pieces, self._branch(choose, otherwise[0]))
        return self._chain(pieces, self._no_branch(choose))

    def _branch(self, choose: ast.Choose, branch: ast.Branch) -> list[py.stmt]:
        return self._body(branch.body, is_checked=False)

    def _no_branch(self, choose: ast.Choose) -> list[py.stmt]:
        """What is done where there is no `else` and no condition holds."""
        return []

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
                self._strict(Operand(self._name(name), shape, None), self._operand(cell))
                for (name, shape), cell in zip(inputs, row.conditions, strict=True)
                if cell is not None
            ]
            test: py.expr = self._constant(True)
            if len(tests) == 1:
                test = tests[0]
            elif tests:
                test = py.BoolOp(op=py.And(), values=tests, lineno=self._line, col_offset=0)
            pieces.append((test, self._row(table, row), self._line))
        return statements + self._chain(pieces, self._no_row(table))

    def _row(self, table: ast.Decide, row: ast.TableRow) -> list[py.stmt]:
        """The outputs of a row that matches."""
        body: list[py.stmt] = []
        for target, output in zip(table.targets, row.outputs, strict=True):
            body += self._assignment(
                ast.Assignment(row.notes, row.start, row.start, row.line, target, "=", output)
            )
        return body

    def _no_row(self, table: ast.Decide) -> list[py.stmt]:
        """What is done where no row matches."""
        return []

    def _loop_body(self, loop: ast.For | ast.ForIn | ast.While) -> list[py.stmt]:
        self._loops += 1
        result = self._body(loop.body, is_checked=True, extra=1)
        self._loops -= 1
        return result

    def _while_loop(self, test: py.expr, body: list[py.stmt]) -> py.stmt:
        return py.While(test=test, body=body, orelse=[], lineno=self._line, col_offset=0)

    def _while(self, loop: ast.While) -> py.stmt:
        test = self._condition(loop.condition)
        return self._while_loop(test, self._loop_body(loop))

    def _for(self, loop: ast.For) -> list[py.stmt]:
        statements: list[py.stmt] = []
        if loop.initial is not None:
            statements += self._assignment(loop.initial)
        test = self._constant(True) if loop.condition is None else self._condition(loop.condition)
        self._loops += 1
        update = [] if loop.update is None else self._assignment(loop.update)
        self._loops -= 1
        if not update or not _continues(loop.body):
            body = self._loop_body(loop)
            statements.append(self._while_loop(test, body + update))
            return statements
        # `continue` has to reach the update, so the update stands first and is left out the first time.
        flag = self._temporary()
        statements.append(self._assign(flag, self._constant(False)))
        first = self._if(self._name(flag), update, [self._assign(flag, self._constant(True))])
        leave = self._if(self._not(test), [py.Break(lineno=self._line, col_offset=0)])
        statements.append(self._while_loop(self._constant(True), [first, leave, *self._loop_body(loop)]))
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
                body=self._loop_body(loop),
                orelse=[],
                lineno=self._line,
                col_offset=0,
            )
        )
        return statements


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
