"""Tokens to decision tables."""

import re

from leapter.veritas import ast
from leapter.veritas.expressions import ExpressionParser
from leapter.veritas.lexer import Token, tokenize
from leapter.veritas.reader import NestingError, ParseError
from leapter.veritas.source import MAX_SIZE, SPLIT_IT, TOO_LARGE
from leapter.veritas.table_text import cells_of, is_delimiter_row, table_lines

_ARROW = re.compile(r"[ \t]*->")
_COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "===", "!=", "!==", "is", "isnt"))
# What other tables have in a cell that matches everything.
_ANYTHING = frozenset(("any", "-", "*", "else", "otherwise", "default"))


class TableParser(ExpressionParser):
    """Reads decision tables, cell by cell; the parser of statements is built on it."""

    # How many words, numbers and signs there are in the cells; a table is one token of the document.
    cell_size = 0

    def _check_target(self, target: ast.Expression) -> None:
        if not isinstance(target, ast.Name | ast.Property | ast.Index):
            raise ParseError(
                target.start,
                "bad_target",
                "Only a name, a field or an element of a list can be assigned.",
                "x = …, obj.field = …, list[i] = …",
            )

    def _decide(self, *, has_word: bool = True) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        line = self.source.line_of(start)
        if has_word:
            self.advance()
        if self.token.text != "first":
            self.findings.error(
                self.last_end, "expected_first", "`decide` is followed by `first`.", "decide first"
            )
        if self.token.kind != "table":
            self.advance()
        if self.token.kind != "table":
            raise ParseError(
                self.last_end,
                "expected_table",
                "A table is expected in the lines below `decide first`.",
                "| input | -> output | and, below, | --- | --- | and the rows",
            )
        table = self.token
        self.advance()
        self.accept(";")
        text = self.source.text
        inputs: list[ast.Expression] = []
        targets: list[ast.Expression] = []
        rows: list[ast.TableRow] = []
        pending: list[tuple[int, int]] = []  # notes before a row
        lines_read = 0
        has_rows = False
        header = table.start
        columns: int | None = None
        for table_line in table_lines(text, table.start, table.end):
            if table_line.bar != table_line.start:
                end = table_line.end if table_line.bar < 0 else table_line.bar
                pending.append((table_line.start, end))
            if table_line.bar < 0:
                continue
            lines_read += 1
            if lines_read == 1:
                header = table_line.bar
                self._add_notes(notes, self._notes_between(pending))
                cells, _ = cells_of(text, table_line.bar, table_line.end)
                inputs, targets = self._table_header(cells, table_line.bar)
                # How many columns are meant by a header that could not be read, nobody knows.
                columns = None if any(map(_is_missing, (*inputs, *targets))) else len(cells)
                continue
            cells, end = cells_of(text, table_line.bar, table_line.end, columns)
            if lines_read == 2:
                pending = []
                has_rows = not is_delimiter_row(text, table_line.bar, table_line.end)
                if not has_rows:
                    continue
                self._report_delimiter(table_line.bar, len(inputs) + len(targets))
            if end < table_line.end:
                pending.append((end, table_line.end))
            if columns is not None:
                row = self._table_row(cells, table_line.bar, pending, len(inputs), columns)
                if row is not None:
                    rows.append(row)
            pending = []
        if lines_read == 1:
            self._report_delimiter(header, len(inputs) + len(targets))
        elif lines_read == 2 and not has_rows:
            self.findings.warning(header, "empty_table", "This table has no rows, so it decides nothing.")
        return ast.Decide(notes, start, table.end, line, inputs, targets, rows)

    def _report_delimiter(self, offset: int, columns: int) -> None:
        self.findings.error(
            offset,
            "expected_delimiter",
            "The second line of a table is its delimiter row.",
            "| " + " | ".join(["---"] * columns) + " |",
        )

    def _table_header(
        self, cells: list[tuple[int, int]], line_start: int
    ) -> tuple[list[ast.Expression], list[ast.Expression]]:
        inputs: list[ast.Expression] = []
        targets: list[ast.Expression] = []
        seen_arrow = False
        for start, end in cells:
            arrow = _ARROW.match(self.source.text, start, end)
            seen_arrow = seen_arrow or arrow is not None
            if not seen_arrow:
                inputs.append(self._guarded_cell(start, end))
                continue
            target = self._guarded_cell(start if arrow is None else arrow.end(), end)
            if not _is_missing(target):
                try:
                    self._check_target(target)
                except ParseError as problem:
                    self.report(problem)
                    target = self.missing(start)
            targets.append(target)
        if not targets and not any(map(_is_missing, inputs)):
            raise ParseError(
                line_start,
                "table_without_outputs",
                "A table needs a column that it fills in.",
                "| input | -> output |",
            )
        return inputs, targets

    def _table_row(
        self,
        cells: list[tuple[int, int]],
        line_start: int,
        pending: list[tuple[int, int]],
        input_count: int,
        columns: int,
    ) -> ast.TableRow | None:
        if len(cells) != columns:
            count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            self.findings.error(
                line_start,
                "table_columns",
                f"This row has {count}, the header has {columns}.",
                "Give every column its cell; `any` matches everything.",
            )
            return None
        notes = self._notes_between(pending)
        conditions: list[ast.Expression | None] = []
        outputs: list[ast.Expression] = []
        for column, (start, end) in enumerate(cells):
            content = self.source.text[start:end].strip()
            if column >= input_count:
                arrow = _ARROW.match(self.source.text, start, end)
                outputs.append(self._guarded_cell(start if arrow is None else arrow.end(), end))
            elif content == "any":
                conditions.append(None)
            elif content.lower() in _ANYTHING:
                self.findings.error(
                    start + self.source.text[start:end].index(content),
                    "any_cell",
                    f"`{content}` matches nothing in particular.",
                    "Write any, which matches everything.",
                )
                conditions.append(None)
            else:
                conditions.append(self._guarded_cell(start, end))
        return ast.TableRow(notes, line_start, self.source.line_of(line_start), conditions, outputs)

    def _notes_between(self, places: list[tuple[int, int]]) -> ast.Notes:
        found = [
            note
            for start, end in places
            for note in tokenize(self.source, self.findings, start, end)[-1].notes or ()
        ]
        return self.notes_of(Token("table", "", 0, 0, True, found))

    def _guarded_cell(self, start: int, end: int) -> ast.Expression:
        try:
            return self._cell_expression(start, end)
        except ParseError as problem:
            self.report(problem)
            return self.missing(start)

    def _cell_expression(self, start: int, end: int) -> ast.Expression:
        tokens = tokenize(self.source, self.findings, start, end)
        self.cell_size += len(tokens)
        if len(self.tokens) + self.cell_size > MAX_SIZE:
            raise NestingError(start, TOO_LARGE, SPLIT_IT, code="too_large")
        if tokens[0].kind == "end":
            raise ParseError(
                start,
                "empty_cell",
                "This cell is empty.",
                "Write a value; in an input column, `any` matches everything.",
            )
        cell = ExpressionParser(self.source, self.findings, tokens)
        if tokens[0].kind in _COMPARISONS:
            cell.fail(
                "comparison_in_cell",
                f"An input cell is a value, not a comparison: `{tokens[0].kind}` cannot stand here.",
                "Put the comparison into the header, as `amount > 100`, and true or false into the cells.",
            )
        expression = cell.expression()
        if cell.token.kind == "=":
            cell.fail(
                "expected_end", "A cell holds a value only, without a name and `=`.", "Write the value alone."
            )
        if cell.token.kind != "end":
            cell.fail("expected_end", f"The cell is expected to end here, not {cell.shown()}.")
        return expression


def _is_missing(expression: ast.Expression) -> bool:
    return expression.start == expression.end
