"""Pieces of Python syntax trees."""

import ast as py


class CodeBuilder:
    """Makes Python nodes; all carry the present line."""

    def __init__(self) -> None:
        self._line = 1
        self._temporaries = 0

    def _name(self, name: str) -> py.expr:
        return py.Name(id=name, ctx=py.Load(), lineno=self._line, col_offset=0)

    def _constant(self, value: float | str | bool) -> py.expr:
        return py.Constant(value=value, lineno=self._line, col_offset=0)

    def _call(self, function: str, *arguments: py.expr) -> py.expr:
        return py.Call(
            func=self._name(function), args=list(arguments), keywords=[], lineno=self._line, col_offset=0
        )

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
