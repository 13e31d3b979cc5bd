"""Tokens to decision tables."""

import re

from leapter.veritas import ast
from leapter.veritas.expressions import ExpressionParser, ParseError
from leapter.veritas.lexer import Token, tokenize

_DELIMITER_CELL = re.compile(r"[ \t]*:?-+:?[ \t]*")
_LINE = re.compile(r"[^\r\n]+")


class TableParser(ExpressionParser):
    """Reads decision tables, cell by cell; the parser of statements is built on it."""

    def _check_target(self, target: ast.Expression) -> None:
        if not isinstance(target, ast.Name | ast.Property | ast.Index):
            raise ParseError(
                target.start,
                "bad_target",
                "Only a name, a field or an element of a list can be assigned.",
                "x = …, obj.field = …, list[i] = …",
            )

    def _decide(self) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        line = self.source.line_of(start)
        self.advance()
        self.advance()
        if self.token.kind != "table":
            self.fail(
                "expected_table",
                "A table is expected in the lines below `decide first`.",
                "| input | -> output | and, below, | --- | --- | and the rows",
            )
        table = self.token
        self.advance()
        self.accept(";")
        inputs: list[ast.Expression] = []
        targets: list[ast.Expression] = []
        rows: list[ast.TableRow] = []
        pending: list[tuple[int, int]] = []  # comment lines before a row
        row_number = 0
        columns = 0
        for line_start, line_end in self._table_lines(table):
            if self.source.text[line_start] != "|":
                pending.append((line_start, line_end))
                continue
            cells = self._cells(line_start, line_end)
            row_number += 1
            if row_number == 1:
                columns = len(cells)
                inputs, targets = self._table_header(cells, line_start)
            elif row_number == 2:
                if not all(_DELIMITER_CELL.fullmatch(self.source.text, *cell) for cell in cells):
                    raise ParseError(
                        line_start,
                        "expected_delimiter",
                        "The second line of a table is its delimiter row.",
                        "| " + "--- | " * columns,
                    )
            else:
                row = self._table_row(cells, line_start, pending, len(inputs), columns)
                if row is not None:
                    rows.append(row)
                pending = []
        if row_number == 1:
            raise ParseError(
                table.start,
                "expected_delimiter",
                "The second line of a table is its delimiter row.",
                "| " + "--- | " * columns,
            )
        if not rows and row_number == 2:
            self.findings.warning(
                table.start, "empty_table", "This table has no rows, so it decides nothing."
            )
        return ast.Decide(notes, start, table.end, line, inputs, targets, rows)

    def _table_lines(self, table: Token) -> list[tuple[int, int]]:
        lines = []
        for match in _LINE.finditer(self.source.text, table.start, table.end):
            content = match.group()
            stripped = content.strip()
            if stripped:
                start = match.start() + content.index(stripped[0])
                lines.append((start, start + len(stripped)))
        return lines

    def _cells(self, start: int, end: int) -> list[tuple[int, int]]:
        """(start, end) of each cell of one table line; a bar inside quotes does not end a cell."""
        text = self.source.text
        cells: list[tuple[int, int]] = []
        cell_start = start + 1
        position = cell_start
        quote = ""
        while position < end:
            character = text[position]
            if quote:
                if character == "\\":
                    position += 1
                elif character == quote:
                    quote = ""
            elif character in "\"'":
                quote = character
            elif character == "|":
                cells.append((cell_start, position))
                cell_start = position + 1
            position += 1
        if text[cell_start:end].strip():
            cells.append((cell_start, end))
        return cells

    def _table_header(
        self, cells: list[tuple[int, int]], line_start: int
    ) -> tuple[list[ast.Expression], list[ast.Expression]]:
        inputs: list[ast.Expression] = []
        targets: list[ast.Expression] = []
        seen_arrow = False
        for start, end in cells:
            content = self.source.text[start:end]
            if content.lstrip().startswith("->"):
                seen_arrow = True
                start += content.index("->") + 2  # noqa: PLW2901 - the cell proper begins behind its arrow
            expression = self._cell_expression(start, end)
            if seen_arrow:
                self._check_target(expression)
                targets.append(expression)
            else:
                inputs.append(expression)
        if not targets:
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
            self.findings.error(
                line_start,
                "table_columns",
                f"This row has {len(cells)} cells, the header has {columns}.",
                "Give every column its cell; `any` matches everything.",
            )
            return None
        notes = ast.Notes()
        if pending:
            tokens = tokenize(self.source, self.findings, pending[0][0], pending[-1][1])
            notes = self.notes_of(tokens[-1])
        conditions: list[ast.Expression | None] = []
        outputs: list[ast.Expression] = []
        try:
            for column, (start, end) in enumerate(cells):
                if column >= input_count:
                    outputs.append(self._cell_expression(start, end))
                elif self.source.text[start:end].strip() == "any":
                    conditions.append(None)
                else:
                    conditions.append(self._cell_expression(start, end))
        except ParseError as problem:
            self.report(problem)
            return None
        return ast.TableRow(notes, line_start, self.source.line_of(line_start), conditions, outputs)

    def _cell_expression(self, start: int, end: int) -> ast.Expression:
        tokens = tokenize(self.source, self.findings, start, end)
        if tokens[0].kind == "end":
            raise ParseError(
                start,
                "empty_cell",
                "This cell is empty.",
                "Write a value; in an input column, `any` matches everything.",
            )
        cell = ExpressionParser(self.source, self.findings, tokens)
        expression = cell.expression()
        if cell.token.kind != "end":
            cell.fail("expected_end", f"The cell is expected to end here, not {cell.shown()}.")
        return expression
