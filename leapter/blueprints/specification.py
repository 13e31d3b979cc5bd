"""A Blueprint as a document that people who do not program can check."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

from leapter import veritas
from leapter.blueprints.expression_text import ExpressionReader, Fragment, Fragments
from leapter.blueprints.notation import BUILT_INS, explained
from leapter.blueprints.specification_nodes import Nodes
from leapter.blueprints.type_words import TypeEntry, named_types, type_words
from leapter.veritas import ast

StepKind = Literal[
    "section", "define", "set", "do", "choose", "decide", "each", "count", "while", "leave", "next", "refuse",
    "finish",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """What every part of the document has.

    `node_id` is unique in the document; `line` is that of the source, from 1.
    """

    node_id: str
    line: int
    label: str
    paragraphs: tuple[str, ...]
    findings: tuple[veritas.Finding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Item(Node):
    """An input or output. `choices` and `default` are None where there are none.

    An output that `begins_empty` is a list, and has no other default.
    """

    name: str
    begins_empty: bool
    type_words: Fragments
    choices: tuple[Fragments, ...] | None
    default: Fragments | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Local(Node):
    """A value that a step introduces; `code` is its name, with what it begins as where that is said.

    `type_words` are empty where that is said, or no type is.
    """

    name: str
    type_words: Fragments
    code: Fragments


@dataclass(frozen=True, kw_only=True, slots=True)
class Clause:
    """An expression of a step, with the word before it: "As long as" `i ≤ n`."""

    word: str
    code: Fragments


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch(Node):
    """One branch of a decision. The one for all other cases has no condition."""

    condition: Fragments | None
    steps: tuple["Step", ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row(Node):
    """One row of a decision table, counted from 1; a cell that is None fits any value."""

    number: int
    cells: tuple[Fragments | None, ...]
    results: tuple[Fragments, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A decision table: what is looked at, what is set, and the rows in order."""

    inputs: tuple[Fragments, ...]
    targets: tuple[Fragments, ...]
    rows: tuple[Row, ...]

    @property
    def always_fits(self) -> bool:
        """Whether it has a row that fits whatever is looked at."""
        return any(all(cell is None for cell in row.cells) for row in self.rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step(Node):
    """One statement. `number` is its place in the document, "2.1"; a section's label is its title."""

    kind: StepKind
    number: str
    clauses: tuple[Clause, ...] = ()
    locals: tuple[Local, ...] = ()
    branches: tuple[Branch, ...] = ()
    table: Table | None = None
    steps: tuple["Step", ...] = ()

    @property
    def has_else(self) -> bool:
        """Whether a decision says what happens in all other cases."""
        return any(branch.condition is None for branch in self.branches)

    @property
    def code(self) -> tuple[Fragments, ...]:
        """Its expressions."""
        return (*(clause.code for clause in self.clauses), *(local.code for local in self.locals))

    @property
    def called(self) -> tuple[str, ...]:
        """The other Blueprints that its expressions call, by call identifier, each once."""
        return _called(self.code)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chapter(Node):
    """A function: the Blueprint itself, or a helper, whose `number` is a letter."""

    name: str
    number: str
    inputs: tuple[Item, ...]
    outputs: tuple[Item, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Specification:
    """The document.

    `helpers` has the node id of each helper by its name; `called` are the names that it calls and that are
    neither helpers nor built in, by which other Blueprints are called; `types` are the types of the project
    that it names; `notation` are the signs and built-ins that it uses, with their meaning; `findings` are
    those that belong to no part of it; `size` is how many nodes it has.
    """

    main: Chapter
    appendices: tuple[Chapter, ...]
    helpers: Mapping[str, str]
    called: frozenset[str]
    notation: tuple[tuple[str, str], ...]
    types: tuple[TypeEntry, ...]
    findings: tuple[veritas.Finding, ...]
    size: int


def specification_of(
    document: veritas.Document,
    findings: Iterable[veritas.Finding] = (),
    types: veritas.Types = veritas.NO_TYPES,
) -> Specification:
    """Make the document of a source that was analyzed, sound or not.

    Args:
        findings: what the checker said of this very source.
        types: the types of the project.
    """
    nodes = Nodes(document, findings)
    met: set[str] = set()
    helpers = {function.name: nodes.id_of(function.notes) for function in document.functions[:-1]}
    writers = [
        _ChapterWriter(document, function, nodes, frozenset(helpers), met) for function in document.functions
    ]
    appendices = [writer.chapter(_letter(place)) for place, writer in enumerate(writers[:-1], start=1)]
    return Specification(
        main=writers[-1].chapter(""),
        appendices=tuple(appendices),
        helpers=helpers,
        called=frozenset(name for writer in writers for name in writer.called),
        notation=explained(met),
        types=named_types((declared for writer in writers for declared in writer.declared), types),
        findings=nodes.loose,
        size=nodes.count,
    )


class _NodeParts(TypedDict):
    node_id: str
    line: int
    label: str
    paragraphs: tuple[str, ...]
    findings: tuple[veritas.Finding, ...]


class _StepParts(TypedDict, total=False):
    kind: StepKind
    clauses: tuple[Clause, ...]
    locals: tuple[Local, ...]
    branches: tuple[Branch, ...]
    table: Table
    steps: tuple[Step, ...]


class _ChapterWriter:
    """Writes one function."""

    def __init__(
        self,
        document: veritas.Document,
        function: ast.Function,
        nodes: Nodes,
        helpers: frozenset[str],
        met: set[str],
    ) -> None:
        self._function = function
        self._nodes = nodes
        self._met = met
        self._reader = ExpressionReader(
            document.source, labels=_labels(function), helpers=helpers, built_ins=BUILT_INS, met=met
        )
        self.called: set[str] = set()
        self.declared: list[veritas.Type] = []

    def chapter(self, number: str) -> Chapter:
        function = self._function
        return Chapter(
            **self._node(function.notes, function.line, function.notes.label or function.name),
            name=function.name,
            number=number,
            inputs=tuple(self._item(item) for item in function.inputs),
            outputs=tuple(self._item(item) for item in function.outputs),
            steps=self._steps(function.body, number),
        )

    def _node(self, notes: ast.Notes, line: int, label: str) -> _NodeParts:
        return {
            "node_id": self._nodes.id_of(notes),
            "line": line,
            "label": label,
            "paragraphs": _paragraphs(notes.description),
            "findings": self._nodes.findings_of(notes),
        }

    def _read(self, expression: ast.Expression) -> Fragments:
        return self._read_between(expression.start, expression.end)

    def _read_between(self, start: int, end: int) -> Fragments:
        fragments = self._reader.read_between(start, end)
        self.called |= set(_called([fragments]))
        return fragments

    def _item(self, item: ast.Parameter) -> Item:
        self.declared.append(item.type)
        return Item(
            **self._node(item.notes, item.line, item.notes.label),
            name=item.name,
            begins_empty=item.type.is_list,
            type_words=type_words(item.type),
            choices=None if item.choices is None else tuple(self._read(choice) for choice in item.choices),
            default=None if item.default is None else self._read(item.default),
        )

    def _steps(self, body: list[ast.Statement], number: str, already: int = 0) -> tuple[Step, ...]:
        prefix = f"{number}." if number else ""
        return tuple(
            self._step(statement, f"{prefix}{place}")
            for place, statement in enumerate(body, start=already + 1)
        )

    def _step(self, statement: ast.Statement, number: str) -> Step:
        label = statement.title if isinstance(statement, ast.Section) else statement.notes.label
        return Step(
            **self._node(statement.notes, statement.line, label),
            number=number,
            **self._parts(statement, number),
        )

    def _parts(self, statement: ast.Statement, number: str) -> _StepParts:
        match statement:
            case ast.Section():
                return {"kind": "section", "steps": self._steps(statement.body, number)}
            case ast.Var():
                return {"kind": "define", "locals": tuple(map(self._local, statement.declarators))}
            case ast.Assignment():
                return {"kind": "set", "clauses": (self._assigning("", statement),)}
            case ast.ExpressionStatement():
                return {"kind": "do", "clauses": (self._clause("", statement.expression),)}
            case ast.Choose():
                return {"kind": "choose", "branches": self._branches(statement, number)}
            case ast.Decide():
                return {"kind": "decide", "table": self._table(statement)}
            case ast.ForIn():
                variable = self._read_between(
                    statement.variable_start, statement.variable_start + len(statement.variable)
                )
                clauses = (Clause(word="For each", code=variable), self._clause("in", statement.values))
                return {"kind": "each", "clauses": clauses, "steps": self._steps(statement.body, number)}
            case ast.For():
                return {
                    "kind": "count",
                    "clauses": self._counting(statement),
                    "steps": self._steps(statement.body, number),
                }
            case ast.While():
                return {
                    "kind": "while",
                    "clauses": (self._clause("As long as", statement.condition),),
                    "steps": self._steps(statement.body, number),
                }
            case ast.Throw():
                return {"kind": "refuse", "clauses": (self._clause("", statement.value),)}
            case ast.Break():
                return {"kind": "leave"}
            case ast.Continue():
                return {"kind": "next"}
            case _:
                return {"kind": "finish"}

    def _clause(self, word: str, expression: ast.Expression) -> Clause:
        return Clause(word=word, code=self._read(expression))

    def _assigning(self, word: str, assignment: ast.Assignment) -> Clause:
        return Clause(word=word, code=self._read_between(assignment.target.start, assignment.value.end))

    def _counting(self, loop: ast.For) -> tuple[Clause, ...]:
        clauses = []
        if loop.initial is not None:
            clauses.append(self._assigning("Begin with", loop.initial))
        if loop.condition is not None:
            clauses.append(self._clause("As long as", loop.condition))
        if loop.update is not None:
            clauses.append(self._assigning("After each round", loop.update))
        return tuple(clauses)

    def _local(self, declarator: ast.Declarator) -> Local:
        code = self._read_between(declarator.start, declarator.start + len(declarator.name))
        if declarator.initial is not None:
            code = (*code, Fragment(text=" = "), *self._read(declarator.initial))
        self.declared.append(declarator.type)
        return Local(
            **self._node(declarator.notes, declarator.line, declarator.notes.label),
            name=declarator.name,
            type_words=(
                type_words(declarator.type) if declarator.has_type and declarator.initial is None else ()
            ),
            code=code,
        )

    def _branches(self, choose: ast.Choose, number: str) -> tuple[Branch, ...]:
        branches: list[Branch] = []
        # Steps are counted through all branches, so that a number names one step only.
        already = 0
        for branch in choose.branches:
            branches.append(
                Branch(
                    **self._node(branch.notes, branch.line, branch.notes.label),
                    condition=None if branch.condition is None else self._read(branch.condition),
                    steps=self._steps(branch.body, number, already),
                )
            )
            already += len(branch.body)
        return tuple(branches)

    def _table(self, decide: ast.Decide) -> Table:
        if any(None in row.conditions for row in decide.rows):
            self._met.add("any")
        return Table(
            inputs=tuple(map(self._read, decide.inputs)),
            targets=tuple(map(self._read, decide.targets)),
            rows=tuple(
                Row(
                    **self._node(row.notes, row.line, row.notes.label),
                    number=number,
                    cells=tuple(None if cell is None else self._read(cell) for cell in row.conditions),
                    results=tuple(map(self._read, row.outputs)),
                )
                for number, row in enumerate(decide.rows, start=1)
            ),
        )


def _labels(function: ast.Function) -> dict[str, str]:
    """What the names of a function stand for, where that is said."""
    labels: dict[str, str] = {}
    bodies = [function.body]
    while bodies:
        for statement in bodies.pop():
            if isinstance(statement, ast.Var):
                alone = statement.notes.label if len(statement.declarators) == 1 else ""
                for declarator in statement.declarators:
                    labels[declarator.name] = declarator.notes.label or alone
            elif isinstance(statement, ast.Choose):
                bodies += [branch.body for branch in statement.branches]
            elif isinstance(statement, ast.Section | ast.For | ast.ForIn | ast.While):
                bodies.append(statement.body)
    for item in (*function.inputs, *function.outputs):
        labels[item.name] = item.notes.label
    return labels


def _called(code: Iterable[Fragments]) -> tuple[str, ...]:
    names = (fragment.blueprint for fragments in code for fragment in fragments)
    return tuple(dict.fromkeys(name for name in names if name))


def _paragraphs(description: str) -> tuple[str, ...]:
    """Blank lines part paragraphs; other line ends are only those of the source."""
    parts = (" ".join(part.split()) for part in description.split("\n\n"))
    return tuple(part for part in parts if part)


def _letter(place: int) -> str:
    """A to Z, then AA, AB …: how the columns of a spreadsheet are named."""
    letters = ""
    while place:
        place, letter = divmod(place - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters
