"""Node ids for what has none in the source."""

import zlib
from collections.abc import Callable

from leapter.veritas import ast

_LETTERS: dict[type[ast.Statement], str] = {
    ast.Section: "S",
    ast.Choose: "D",
    ast.Decide: "G",
    ast.For: "L",
    ast.ForIn: "L",
    ast.While: "L",
    ast.Var: "V",
    ast.Assignment: "V",
    ast.ExpressionStatement: "T",
    ast.Return: "R",
}


class NodeNamer:
    """Gives every node an id. A derived id comes from the node's place, so it stays while the source does."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self.repeated: list[tuple[int, str]] = []

    def name_document(self, document: ast.Document) -> None:
        for function in document.functions:
            for parameter in (*function.inputs, *function.outputs):
                self._keep(parameter.notes, parameter.start)
            self._each(function.body, self._keep)
        names: set[str] = set()
        for number, function in enumerate(document.functions):
            # Two functions of one name are an error, but their nodes have ids of their own all the same.
            name = function.name if function.name not in names else f"{function.name}#{number}"
            names.add(name)
            for kind, parameters in (("in", function.inputs), ("out", function.outputs)):
                for position, parameter in enumerate(parameters):
                    self._derive(parameter.notes, "V", f"{name}/{kind}/{position}")
            self._derive(function.notes, "T", name)
            self._body(function.body, name)

    def _keep(self, notes: ast.Notes, start: int) -> None:
        if notes.has_own_id:
            if notes.node_id in self._taken:
                self.repeated.append((start, notes.node_id))
            self._taken.add(notes.node_id)

    def _each(self, body: list[ast.Statement], visit: Callable[[ast.Notes, int], None]) -> None:
        for statement in body:
            visit(statement.notes, statement.start)
            if isinstance(statement, ast.Var):
                for declarator in statement.declarators:
                    visit(declarator.notes, declarator.start)
            elif isinstance(statement, ast.Choose):
                for branch in statement.branches:
                    visit(branch.notes, branch.start)
                    self._each(branch.body, visit)
            elif isinstance(statement, ast.Decide):
                for row in statement.rows:
                    visit(row.notes, row.start)
            elif isinstance(statement, ast.Section | ast.For | ast.ForIn | ast.While):
                self._each(statement.body, visit)

    def _derive(self, notes: ast.Notes, letter: str, place: str) -> None:
        if notes.node_id:
            return
        digest = zlib.crc32(place.encode())
        while (node_id := f"{letter}-{digest:08x}") in self._taken:
            digest = (digest + 1) % 2**32
        self._taken.add(node_id)
        notes.node_id = node_id

    def _body(self, body: list[ast.Statement], place: str) -> None:
        for position, statement in enumerate(body):
            here = f"{place}/{position}"
            self._derive(statement.notes, _LETTERS.get(type(statement), "X"), here)
            if isinstance(statement, ast.Var):
                for number, declarator in enumerate(statement.declarators):
                    self._derive(declarator.notes, "V", f"{here}/var{number}")
            elif isinstance(statement, ast.Choose):
                for number, branch in enumerate(statement.branches):
                    letter = "E" if branch.condition is None else "C"
                    self._derive(branch.notes, letter, f"{here}/branch{number}")
                    self._body(branch.body, f"{here}/branch{number}")
            elif isinstance(statement, ast.Decide):
                for number, row in enumerate(statement.rows):
                    self._derive(row.notes, "C", f"{here}/row{number}")
            elif isinstance(statement, ast.Section | ast.For | ast.ForIn | ast.While):
                self._body(statement.body, here)
