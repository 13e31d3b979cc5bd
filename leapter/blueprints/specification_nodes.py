"""Which element of the page each node of a source is, and which findings stand beside it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from leapter import veritas
from leapter.veritas import ast

_Position = tuple[int, int]  # line and column, from 1


@dataclass(kw_only=True, slots=True)
class _Entry:
    node_id: str
    end: _Position
    findings: list[veritas.Finding] = field(default_factory=list)


class Nodes:
    """The nodes of a document in the order of the source.

    Args:
        findings: what the checker said of this very source. Each belongs to the innermost node that holds its
            place; `loose` are those outside of every function.
    """

    def __init__(self, document: veritas.Document, findings: Iterable[veritas.Finding]) -> None:
        self._entries: dict[int, _Entry] = {}
        starts: list[_Position] = []
        taken: set[str] = set()
        position = document.source.position
        functions = [*document.functions[1:], None]
        for function, following in zip(document.functions, functions, strict=True):
            function_end = len(document.source.text) if following is None else following.start
            for notes, start, end in walk(function, function_end):
                # An id that the source uses twice is an error there; a page cannot have it twice either.
                node_id = notes.node_id
                while node_id in taken:
                    node_id += "-again"
                taken.add(node_id)
                self._entries[id(notes)] = _Entry(node_id=node_id, end=position(end))
                starts.append(position(start))
        entries = list(self._entries.values())
        loose: list[veritas.Finding] = []
        for finding in findings:
            place = (finding.line, finding.column)
            index = bisect_right(starts, place) - 1
            while index >= 0 and entries[index].end < place:
                index -= 1
            (loose if index < 0 else entries[index].findings).append(finding)
        self.loose = tuple(loose)

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return len(self._entries)

    def id_of(self, notes: ast.Notes) -> str:
        """The id of a node, unique in the document."""
        return self._entries[id(notes)].node_id

    def findings_of(self, notes: ast.Notes) -> tuple[veritas.Finding, ...]:
        """The findings of a node itself, not those of the nodes in it."""
        return tuple(self._entries[id(notes)].findings)


_Span = tuple[ast.Notes, int, int]


def walk(function: ast.Function, end: int) -> Iterator[_Span]:
    """Each node of a function with where it starts and ends in the source, outer ones first."""
    yield function.notes, function.start, end
    for item in (*function.inputs, *function.outputs):
        ends = [part.end for part in (item.default, *(item.choices or ())) if part is not None]
        yield item.notes, item.start, max(ends, default=item.start + len(item.name))
    yield from _walk_body(function.body)


def _walk_body(body: list[ast.Statement]) -> Iterator[_Span]:
    for statement in body:
        yield statement.notes, statement.start, statement.end
        if isinstance(statement, ast.Var):
            for declarator in statement.declarators:
                name_end = declarator.start + len(declarator.name)
                initial = declarator.initial
                yield declarator.notes, declarator.start, name_end if initial is None else initial.end
        elif isinstance(statement, ast.Choose):
            ends = [branch.start for branch in statement.branches[1:]]
            for branch, end in zip(statement.branches, [*ends, statement.end], strict=True):
                yield branch.notes, branch.start, end - 1
                yield from _walk_body(branch.body)
        elif isinstance(statement, ast.Decide):
            ends = [row.start for row in statement.rows[1:]]
            for row, end in zip(statement.rows, [*ends, statement.end], strict=True):
                yield row.notes, row.start, end - 1
        elif isinstance(statement, ast.Section | ast.For | ast.ForIn | ast.While):
            yield from _walk_body(statement.body)
