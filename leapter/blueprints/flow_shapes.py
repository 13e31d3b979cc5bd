"""The shapes of a flow diagram: which texts a step shows, and how much room they take."""

from collections.abc import Iterable, Sequence

from leapter.blueprints.expression_text import Fragments, plain_text
from leapter.blueprints.flow_parts import Line, Severity, Shape, ShapeKind, Text, TextStyle
from leapter.blueprints.specification import Branch, Chapter, Item, Local, Node, Row, Step, Table
from leapter.blueprints.text_width import BOLD, MONO, PLAIN, SMALL, Font

BOX_WIDTH = 232
WIDE_BOX_WIDTH = 280
MAX_TABLE_WIDTH = 620

_MARGIN = 14
_PADDING = 10
_MOST_LINES: dict[TextStyle, int] = {"label": 5, "title": 5, "word": 2, "code": 3, "head": 5}
_CODE_LINES = 3  # of a line in a shape, and of a cell
_ROW_HEIGHT = 22
_CELL_MARGIN = 10
_MAX_COLUMN_WIDTH = 190
_FONTS: dict[TextStyle, Font] = {"label": PLAIN, "title": BOLD, "word": SMALL, "code": MONO, "head": MONO}
_LEADING: dict[TextStyle, int] = {"label": 18, "title": 18, "word": 15, "code": 16, "head": 16}
_CAPTIONS = {
    "choose": "Decision",
    "decide": "Table: the first row that fits",
    "each": "For each",
    "count": "Repeat",
    "while": "Repeat",
    "leave": "Leave the loop",
    "next": "Go on with the next round",
    "refuse": "Refuse",
    "finish": "Finish",
}
_KINDS: dict[str, ShapeKind] = {"refuse": "refuse", "finish": "finish", "leave": "leave", "next": "next"}

_Styled = tuple[TextStyle, str]


def start_shape(chapter: Chapter) -> Shape:
    """Where a function begins, with its inputs."""
    texts: list[_Styled] = [("word", f"Helper {chapter.number}" if chapter.number else "Start")]
    texts.append(("title", chapter.label))
    return _with_items("start", chapter, texts, chapter.inputs)


def end_shape(chapter: Chapter) -> Shape:
    """Where a function ends, with its outputs."""
    shape = _with_items("end", None, [("word", "Result" if chapter.outputs else "End")], chapter.outputs)
    shape.title = "The result" if chapter.outputs else "The end"
    return shape


def header_shape(step: Step, width: float) -> Shape:
    """The bar above the steps of a section or a loop."""
    if step.kind == "section":
        texts: list[_Styled] = [("title", f"{step.number}  {step.label}")]
        return _shape("section", step, texts, width)
    texts = [("word", _caption(step))]
    if step.label:
        texts.append(("label", step.label))
    if step.kind == "each":
        texts.append(("code", " in ".join(plain_text(clause.code) for clause in step.clauses)))
    else:
        texts += [("code", f"{clause.word.lower()} {plain_text(clause.code)}") for clause in step.clauses]
    return _shape("loop", step, texts, width)


def step_shape(step: Step) -> Shape:
    """A step without steps of its own."""
    if step.table is not None:
        return _table(step, step.table)
    texts: list[_Styled] = [("word", _caption(step))]
    if step.label:
        texts.append(("label", step.label))
    code = [plain_text(clause.code) for clause in step.clauses]
    kind = _KINDS.get(step.kind, "call" if step.called else "step")
    # Without a label the expression says what is done, so it may take more than a line.
    style: TextStyle = "code" if step.label else "head"
    texts += [(style, text) for text in code]
    shape = _shape(kind, step, texts, BOX_WIDTH)
    return _with_locals(shape, step.locals)


def question_shape(step: Step) -> Shape:
    """The head of a decision."""
    texts: list[_Styled] = [("word", _caption(step))]
    texts += [("label", step.label)] if step.label else []
    return _shape("question", step, texts, WIDE_BOX_WIDTH, centred=True)


def branch_shape(branch: Branch, is_first: bool) -> Shape:
    """What has to hold for a branch."""
    if branch.condition is None:
        texts: list[_Styled] = [("word", "Otherwise")]
        texts += [("label", branch.label)] if branch.label else []
        return _shape("branch", branch, texts, BOX_WIDTH, centred=True)
    condition = plain_text(branch.condition)
    texts = [("word", "If" if is_first else "Otherwise, if")]
    texts += [("label", branch.label), ("code", condition)] if branch.label else [("head", condition)]
    return _shape("branch", branch, texts, BOX_WIDTH, centred=True)


def otherwise_shape() -> Shape:
    """The branch that nobody wrote: nothing is done."""
    return _shape("otherwise", None, [("word", "Otherwise")], 92, centred=True)


def severity_of(node: Node) -> Severity:
    """The worst of what the checker said of a node itself."""
    severities = {finding.severity for finding in node.findings}
    return "error" if "error" in severities else "warning" if severities else ""


def _caption(step: Step) -> str:
    caption = f"Calls {', '.join(step.called)}" if step.called else _CAPTIONS.get(step.kind, "")
    return f"{step.number} · {caption}" if caption else step.number


def _title(node: Node, texts: Iterable[str]) -> str:
    told = [finding.message for finding in node.findings]
    return "\n".join([*texts, *told])


def _shape(
    kind: ShapeKind, node: Node | None, texts: Sequence[_Styled], width: float, *, centred: bool = False
) -> Shape:
    margin = _MARGIN + (8 if kind == "question" else 0)
    y: float = _PADDING - 1
    placed = []
    for style, text in texts:
        font = _FONTS[style]
        for line in font.lines(text, width - 2 * margin, _MOST_LINES[style]):
            y += _LEADING[style]
            x = width / 2 if centred else margin
            placed.append(Text(x=x, y=y - 4, text=line, style=style, centred=centred))
    full = [text for _, text in texts]
    return Shape(
        kind=kind,
        node_id=node.node_id if node else "",
        width=width,
        height=y + _PADDING,
        texts=tuple(placed),
        title=_title(node, full) if node else full[-1],
        severity=severity_of(node) if node else "",
    )


def _with_locals(shape: Shape, found: Iterable[Local]) -> Shape:
    """Put the values that a step introduces below the texts of its shape; each is a node of its own."""
    lines = []
    y = shape.height - (_PADDING - 2)
    for local in found:
        code = plain_text(local.code)
        rows = MONO.lines(code, shape.width - 2 * _MARGIN, _CODE_LINES)
        height = 16 * len(rows) + 2
        texts = tuple(
            Text(x=_MARGIN, y=12 + 16 * place, text=row, style="code") for place, row in enumerate(rows)
        )
        lines.append(
            Line(
                node_id=local.node_id,
                y=y,
                height=height,
                texts=texts,
                title=_title(local, [code]),
                severity=severity_of(local),
            )
        )
        y += height
    if lines:
        shape.lines, shape.height = tuple(lines), y + _PADDING - 4
    return shape


def _with_items(kind: ShapeKind, node: Node | None, texts: Sequence[_Styled], items: Sequence[Item]) -> Shape:
    shape = _shape(kind, node, texts, WIDE_BOX_WIDTH)
    lines = []
    y = shape.height - _PADDING + 4
    for item in items:
        name = item.label or item.name
        rows = PLAIN.lines(name, WIDE_BOX_WIDTH - 2 * _MARGIN, 3)
        lines.append(
            Line(
                node_id=item.node_id,
                y=y,
                height=18 * len(rows) + 3,
                texts=tuple(
                    Text(x=_MARGIN, y=14 + 18 * place, text=row, style="label")
                    for place, row in enumerate(rows)
                ),
                title=_title(item, [name]),
                severity=severity_of(item),
            )
        )
        y += lines[-1].height
    if lines:
        shape.lines, shape.height = tuple(lines), y + _PADDING - 4
    return shape


def _table(step: Step, table: Table) -> Shape:
    heads = [plain_text(head) for head in table.inputs]
    heads += [f"→ {plain_text(target)}" for target in table.targets]
    rows = [(row, _cells(row)) for row in table.rows]
    columns = _columns([heads, *(cells for _, cells in rows)], len(heads))
    width = max(BOX_WIDTH, sum(columns) + 2 * (_MARGIN - _CELL_MARGIN))
    texts: list[_Styled] = [("word", _caption(step))]
    texts += [("label", step.label)] if step.label else []
    shape = _shape("table", step, texts, width)
    y = shape.height + _ROW_HEIGHT - 12
    head_texts = _row_texts(heads, columns, y, "head")
    shape.texts += head_texts
    y = max((text.y for text in head_texts), default=y) + 8
    lines = []
    for row, cells in rows:
        texts_of_row = _row_texts(cells, columns, _ROW_HEIGHT - 7, "code")
        height = max((text.y for text in texts_of_row), default=_ROW_HEIGHT - 7) + 7
        lines.append(
            Line(
                node_id=row.node_id,
                y=y,
                height=height,
                texts=texts_of_row,
                title=_title(row, [" · ".join(cells)]),
                severity=severity_of(row),
            )
        )
        y += height
    shape.lines, shape.height = tuple(lines), y + 5
    return shape


def _cells(row: Row) -> list[str]:
    cells: list[Fragments | None] = [*row.cells, *row.results]
    return ["any" if cell is None else plain_text(cell) for cell in cells]


def _columns(rows: list[list[str]], count: int) -> list[float]:
    """The widths of a table's columns: as its cells need, but not too wide, and together not either."""
    most = min(_MAX_COLUMN_WIDTH, MAX_TABLE_WIDTH / max(count, 1) * 1.6)
    needed = [
        max((MONO.width(row[column]) for row in rows if column < len(row)), default=0) + 2 * _CELL_MARGIN
        for column in range(count)
    ]
    widths = [min(width, most) for width in needed]
    excess = sum(widths) / MAX_TABLE_WIDTH
    return [width / excess for width in widths] if excess > 1 else widths


def _row_texts(cells: list[str], columns: list[float], y: float, style: TextStyle) -> tuple[Text, ...]:
    texts = []
    x: float = _MARGIN - _CELL_MARGIN
    for cell, width in zip(cells, columns, strict=False):
        for place, text in enumerate(MONO.lines(cell, width - 2 * _CELL_MARGIN + 1, _CODE_LINES)):
            texts.append(Text(x=x + _CELL_MARGIN, y=y + 14 * place, text=text, style=style))
        x += width
    return tuple(texts)
