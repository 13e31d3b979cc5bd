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

# Values of variables that an event may have before they count for the length of the log.
_MOST_SHORT = 50


def compile_traced(document: ast.Document, model_id: str) -> Compiled:
    """Compiles a sound document so that its function takes a `TracedState`; `model_id` is for the events."""
    return compile_document(document, partial(_TracedCompiler, model_id), TRACED_RUNTIME)


class _TracedCompiler(FunctionCompiler):
    def __init__(self, model_id: str, function: ast.Function, *rest: Any, **options: Any) -> None:
        super().__init__(function, *rest, **options)
        self._model_id = model_id
        # Whether the values of a `var` come with its declarators, of which there are several.
        self._tells_each = False
        # One record can tell of several nodes: sections, `choose` and tables that begin just before another
        # node. That does not do where what is called would come between them.
        self._joins = not self._shared_count
        # The sections that begin just before the next statement, and the `choose` and tables around the
        # present node that begin with what is first done in them.
        self._begun: tuple[str, ...] = ()
        self._beginnings: list[tuple[str, ...]] = []
        # For a run that fails at a node before the node's record: the nodes that it would have told of.
        self._untold: dict[str, tuple[str, ...]] = {}
        self.names["untold"] = self._untold

    def _record(self, event: str, *variables: str, at: str = "", after: tuple[str, ...] = ()) -> py.stmt:
        """Code that records an event at the present node, or at the one with the id `at`, with the values
        that `variables` have. Just before, the nodes with the ids `after` have begun.
        """
        when = py.Call(func=self._name("now"), args=[], keywords=[], lineno=self._line, col_offset=0)
        values = [self._name(f"v_{name}") for name in variables]
        elements: list[py.expr] = [self._new_mark(event, variables, at=at, after=after), when, *values]
        entry = py.Tuple(elts=elements, ctx=py.Load(), lineno=self._line, col_offset=0)
        recorder = "e" if len(variables) <= _MOST_SHORT else "wide"
        return self._evaluate(self._call(recorder, entry))

    def _new_mark(
        self, event: str, variables: tuple[str, ...] = (), *, at: str = "", after: tuple[str, ...] = ()
    ) -> py.expr:
        name = f"k{self._line}_{len(self.names)}"
        node_id = at or self._nodes[self._line].id
        model_id = self._model_id if event == "start" else ""
        self.names[name] = Mark(node_id, event, variables, model_id=model_id, after=after)
        return self._name(name)

    # Functions

    def _prologue(self) -> list[py.stmt]:
        function = self._function
        names = [parameter.name for parameter in (*function.inputs, *function.outputs)]
        record = [
            self._assign("e", self._state("record", py.Load())),
            self._assign("wide", self._state("record_wide", py.Load())),
        ]
        return [*super()._prologue(), *record, self._record("start", *names)]

    def _return(self) -> list[py.stmt]:
        begun, self._begun = self._begun, ()
        return [self._record("return", after=begun), *super()._return()]

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
        node_id = statement.notes.node_id
        if isinstance(statement, ast.Section) and statement.body and self._joins:
            self._begun += (node_id,)
            return super()._statement(statement)
        if isinstance(statement, ast.Return):
            return super()._statement(statement)
        begun, self._begun = self._begun, ()
        if isinstance(statement, ast.Choose | ast.Decide) and self._joins:
            self._untold[node_id] = begun
            self._beginnings.append((*begun, node_id))
            code = super()._statement(statement)
            self._beginnings.pop()
            return code
        if isinstance(statement, ast.Throw):
            self._untold[node_id] = begun
            return super()._statement(statement)
        names: list[str] | None = None
        if isinstance(statement, ast.Var):
            names = [each.name for each in statement.declarators if each.initial is not None]
            self._tells_each = len(names) > 1
            names = [] if self._tells_each else names
        elif isinstance(statement, ast.Assignment):
            names = _names([statement.target])
        elif isinstance(statement, ast.ExpressionStatement):
            names = []
        if names is not None:
            self._untold[node_id] = begun
            return [*super()._statement(statement), self._record("statement", *names, after=begun)]
        code = super()._statement(statement)
        return [self._record("statement", at=node_id, after=begun), *code]

    def _declarator(self, declarator: ast.Declarator) -> list[py.stmt]:
        code = super()._declarator(declarator)
        if code and self._tells_each:
            code.append(self._record("", declarator.name))
        return code

    def _branch(self, choose: ast.Choose, branch: ast.Branch) -> list[py.stmt]:
        after = self._beginning(branch.notes)
        return [self._record("branch", after=after), *super()._branch(choose, branch)]

    def _no_branch(self, choose: ast.Choose) -> list[py.stmt]:
        return self._nothing(choose)

    def _row(self, table: ast.Decide, row: ast.TableRow) -> list[py.stmt]:
        after = self._beginning(row.notes)
        return [*super()._row(table, row), self._record("row", *_names(table.targets), after=after)]

    def _no_row(self, table: ast.Decide) -> list[py.stmt]:
        return self._nothing(table)

    def _beginning(self, notes: ast.Notes) -> tuple[str, ...]:
        """What begins with a branch or row, of which `notes` are."""
        if not self._joins:
            return ()
        self._untold[notes.node_id] = self._beginnings[-1]
        return self._beginnings[-1]

    def _nothing(self, statement: ast.Statement) -> list[py.stmt]:
        """A record of a `choose` or table in which nothing fits."""
        if not self._joins:
            return []
        return [self._record("statement", at=statement.notes.node_id, after=self._beginnings[-1][:-1])]

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
