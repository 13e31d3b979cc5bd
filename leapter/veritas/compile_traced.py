"""A checked syntax tree to Python code that writes down what it does.

The code is that of the untraced program with records between its statements, so it gives the same results,
errors and counts.
"""

import ast as py
from collections.abc import Iterable
from functools import partial
from typing import Any, cast

from leapter.veritas import ast
from leapter.veritas.compile import Compiled, FunctionCompiler, compile_document
from leapter.veritas.recorder import TRACED_RUNTIME
from leapter.veritas.trace import Mark


def compile_traced(document: ast.Document, model_id: str) -> Compiled:
    """Compiles a sound document so that its function takes a `TracedState`; `model_id` is for the events."""
    return compile_document(document, partial(_TracedCompiler, model_id), TRACED_RUNTIME)


class _TracedCompiler(FunctionCompiler):
    def __init__(self, model_id: str, function: ast.Function, *rest: Any, **options: Any) -> None:
        super().__init__(function, *rest, **options)
        self._model_id = model_id
        # Whether the values of a `var` come with its declarators, of which there are several.
        self._tells_each = False

    def _record(self, event: str, *variables: str) -> py.stmt:
        """Code that records an event at the present node, with the values that `variables` have."""
        when = py.Call(func=self._name("now"), args=[], keywords=[], lineno=self._line, col_offset=0)
        values = [self._name(f"v_{name}") for name in variables]
        elements: list[py.expr] = [self._new_mark(event, variables), when, *values]
        entry = py.Tuple(elts=elements, ctx=py.Load(), lineno=self._line, col_offset=0)
        return self._evaluate(self._call("e", entry))

    def _new_mark(self, event: str, variables: tuple[str, ...] = ()) -> py.expr:
        name = f"k{self._line}_{len(self.names)}"
        node = self._nodes[self._line]
        self.names[name] = Mark(node.id, event, variables, self._model_id if event == "start" else "")
        return self._name(name)

    # Functions

    def _prologue(self) -> list[py.stmt]:
        function = self._function
        names = [parameter.name for parameter in (*function.inputs, *function.outputs)]
        record = self._assign("e", self._state("record", py.Load()))
        return [*super()._prologue(), record, self._record("start", *names)]

    def _return(self) -> list[py.stmt]:
        return [self._record("return"), *super()._return()]

    def _helper_call(self, call: ast.Call, helper: ast.Function) -> py.expr:
        code = cast("py.Call", super()._helper_call(call, helper))
        code.func = self._name("invoke_traced")
        code.args.insert(1, self._new_mark("call"))
        return code

    def _blueprint_call(self, call: ast.Call, name: str) -> py.expr:
        code = cast("py.Call", super()._blueprint_call(call, name))
        cast("py.Attribute", code.func).attr = "call_traced"
        code.args.insert(1, self._new_mark("call"))
        return code

    # Statements

    def _statement(self, statement: ast.Statement) -> list[py.stmt]:
        if isinstance(statement, ast.Return | ast.Throw):
            return super()._statement(statement)
        if isinstance(statement, ast.Var):
            names = [each.name for each in statement.declarators if each.initial is not None]
            self._tells_each = len(names) > 1
            code = super()._statement(statement)
            return [*code, self._record("statement", *(() if self._tells_each else names))]
        if isinstance(statement, ast.Assignment):
            code = super()._statement(statement)
            return [*code, self._record("statement", *_names([statement.target]))]
        if isinstance(statement, ast.ExpressionStatement):
            return [*super()._statement(statement), self._record("statement")]
        own_line = len(self._nodes)
        code = super()._statement(statement)
        line, self._line = self._line, own_line
        code.insert(0, self._record("statement"))
        self._line = line
        return code

    def _declarator(self, declarator: ast.Declarator) -> list[py.stmt]:
        code = super()._declarator(declarator)
        if code and self._tells_each:
            code.append(self._record("", declarator.name))
        return code

    def _branch(self, branch: ast.Branch) -> list[py.stmt]:
        return [self._record("branch"), *super()._branch(branch)]

    def _row(self, table: ast.Decide, row: ast.TableRow) -> list[py.stmt]:
        return [*super()._row(table, row), self._record("row", *_names(table.targets))]

    def _loop_body(self, loop: ast.For | ast.ForIn | ast.While) -> list[py.stmt]:
        names = [loop.variable] if isinstance(loop, ast.ForIn) else _header_names(loop)
        return [self._record("turn", *names), *super()._loop_body(loop)]

    def _for(self, loop: ast.For) -> list[py.stmt]:
        # After the last turn the update has run once more.
        return [*super()._for(loop), self._record("", *_header_names(loop))]


def _header_names(loop: ast.For | ast.While) -> list[str]:
    if isinstance(loop, ast.While):
        return []
    return _names([each.target for each in (loop.initial, loop.update) if each is not None])


def _names(targets: Iterable[ast.Expression]) -> list[str]:
    """The variables among `targets`, each once."""
    return list(dict.fromkeys(target.name for target in targets if isinstance(target, ast.Name)))
