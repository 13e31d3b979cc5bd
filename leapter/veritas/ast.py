"""The syntax tree."""

from dataclasses import dataclass, field

from leapter.veritas.environment import ALONE, Environment
from leapter.veritas.signature import Signature
from leapter.veritas.source import Source
from leapter.veritas.types import ANY, Type
from leapter.veritas.values import Absent, Null

# Classes of the tree are not frozen: creating a frozen instance takes about three times as long, and the
# checker fills in node ids.


@dataclass(kw_only=True, slots=True)
class Notes:
    """What stands before a statement, branch, parameter or declarator."""

    label: str = ""
    # Its offset in the source; None where there is no label.
    label_start: int | None = None
    description: str = ""
    node_id: str = ""
    # Whether the node id was written in the source; otherwise it is derived from the node's place.
    has_own_id: bool = False
    blueprint_id: str | None = None


@dataclass(slots=True)
class Expression:
    """`start` and `end` are offsets into the source; `height` is that of the tree below, which is bounded."""

    start: int
    end: int
    height: int


@dataclass(slots=True)
class Literal(Expression):
    value: float | str | bool | Null | Absent


@dataclass(slots=True)
class Name(Expression):
    name: str


@dataclass(slots=True)
class Unary(Expression):
    operator: str  # "!", "-", "+"
    operand: Expression


@dataclass(slots=True)
class Binary(Expression):
    operator: str  # "+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "===", "!=="
    left: Expression
    right: Expression


@dataclass(slots=True)
class Logical(Expression):
    operator: str  # "&&", "||"
    left: Expression
    right: Expression


@dataclass(slots=True)
class Conditional(Expression):
    condition: Expression
    consequent: Expression
    alternative: Expression


@dataclass(slots=True)
class ListLiteral(Expression):
    elements: list[Expression]


@dataclass(slots=True)
class ObjectLiteral(Expression):
    entries: list[tuple[str, Expression]]


@dataclass(slots=True)
class Property(Expression):
    target: Expression
    name: str
    name_start: int


@dataclass(slots=True)
class Index(Expression):
    target: Expression
    index: Expression


@dataclass(slots=True)
class Argument:
    name: str | None
    value: Expression
    start: int


@dataclass(slots=True)
class Call(Expression):
    """`callee` is a name, or a property for methods and `Math`."""

    callee: Expression
    arguments: list[Argument]


@dataclass(slots=True)
class Statement:
    notes: Notes
    start: int
    end: int
    line: int


@dataclass(slots=True)
class Declarator:
    notes: Notes
    name: str
    start: int
    line: int
    type: Type
    has_type: bool
    initial: Expression | None


@dataclass(slots=True)
class Var(Statement):
    declarators: list[Declarator]


@dataclass(slots=True)
class Assignment(Statement):
    target: Expression
    operator: str  # "=", "+=", "-=", "*=", "/=", "%="
    value: Expression


@dataclass(slots=True)
class ExpressionStatement(Statement):
    expression: Expression


@dataclass(slots=True)
class Section(Statement):
    title: str
    body: list[Statement]


@dataclass(slots=True)
class Branch:
    """One branch of `choose`; the `else` branch has no condition."""

    notes: Notes
    start: int
    line: int
    condition: Expression | None
    body: list[Statement]


@dataclass(slots=True)
class Choose(Statement):
    branches: list[Branch]


@dataclass(slots=True)
class TableRow:
    """`conditions` has one entry an input column; None stands for `any`."""

    notes: Notes
    start: int
    line: int
    conditions: list[Expression | None]
    outputs: list[Expression]


@dataclass(slots=True)
class Decide(Statement):
    inputs: list[Expression]
    targets: list[Expression]
    rows: list[TableRow]


@dataclass(slots=True)
class For(Statement):
    initial: Assignment | None
    condition: Expression | None
    update: Assignment | None
    body: list[Statement]


@dataclass(slots=True)
class ForIn(Statement):
    variable: str
    variable_start: int
    declares: bool
    type: Type
    values: Expression
    body: list[Statement]


@dataclass(slots=True)
class While(Statement):
    condition: Expression
    body: list[Statement]


@dataclass(slots=True)
class Break(Statement):
    pass


@dataclass(slots=True)
class Continue(Statement):
    pass


@dataclass(slots=True)
class Throw(Statement):
    value: Expression


@dataclass(slots=True)
class Return(Statement):
    pass


@dataclass(slots=True)
class Parameter:
    """An input or output as it is written; `default` and `choices` are expressions.

    `base` is the type with every alias replaced by what it stands for; the checker fills it in.
    """

    notes: Notes
    name: str
    start: int
    line: int
    type: Type
    has_type: bool
    default: Expression | None
    choices: list[Expression] | None
    base: Type = ANY


@dataclass(slots=True)
class Function:
    notes: Notes
    name: str
    start: int
    line: int
    inputs: list[Parameter]
    outputs: list[Parameter]
    body: list[Statement]


@dataclass(slots=True)
class Document:
    """A parsed logic file: helpers first, the Blueprint itself last."""

    source: Source
    functions: list[Function] = field(default_factory=list)
    # Set by the checker; `is_sound` when it found no errors, so that the document can be compiled.
    signature: Signature | None = None
    is_sound: bool = False
    # How much there is to compile: words, numbers and signs, and what calls and returns stand for.
    size: int = 0
    # Set by the checker too: the call identifiers on which the meaning of the document depends (there may be
    # no Blueprint of that name), the names by which the Blueprint calls itself, and whether a type of the
    # types document is named.
    calls: frozenset[str] = frozenset()
    own_names: frozenset[str] = frozenset()
    uses_types: bool = False
    # What the document was checked against, as far as it depends on it.
    environment: Environment = ALONE

    @property
    def main(self) -> Function:
        return self.functions[-1]

    def text_of(self, expression: Expression) -> str:
        return self.source.text[expression.start : expression.end]
