"""Where the lines and cells of a decision table are in the source."""

import re
from dataclasses import dataclass

_LINE = re.compile(r"([^\r\n]*)(?:\r\n|[\r\n]|$)")
# Notes and comments before a row, or behind one.
_NOTES = re.compile(
    r'(?:[ \t]+|"""(?:(?!""")[^\r\n])*"""|@[A-Za-z]-[0-9A-Za-z]+|/\*(?:(?!\*/)[^\r\n])*\*/|//[^\r\n]*)*'
)
_DELIMITERS = re.compile(r"[|:\- \t]*-[|:\- \t]*")
# In GitHub's tables the bars at the ends of a line may be left out.
_BARE_ROW = re.compile(r"""(?:[^|"'\r\n]|"[^"\r\n]*"|'[^'\r\n]*'|\|\|)*+\|""")


@dataclass(frozen=True, slots=True)
class TableLine:
    """One line: notes from `start`, a row from `bar` (-1 where there is none) to `end`."""

    start: int
    bar: int
    end: int


def find_table(text: str, position: int, stop: int) -> tuple[int, int] | None:
    """(start, end) of the table in the lines from `position` on, which is just behind `decide first`; notes
    before its header are part of it.
    """
    start = end = notes_start = -1
    is_first_line = True
    while position < stop and (line := _LINE.match(text, position, stop)) is not None:
        content = _NOTES.match(text, line.start(1), line.end(1))
        row = content.end() if content is not None else line.start(1)
        if row < line.end(1):
            if text[row] != "|" and (is_first_line or not _BARE_ROW.match(text, row, line.end(1))):
                break
            if start < 0:
                start = row if notes_start < 0 else notes_start
            end = row + len(text[row : line.end(1)].rstrip())
        elif start >= 0 and not line[1].strip():
            break
        elif notes_start < 0 and line[1].strip():
            notes_start = line.start(1)
        is_first_line = False
        position = line.end()
    return None if start < 0 else (start, end)


def table_lines(text: str, start: int, end: int) -> list[TableLine]:
    lines = []
    for line in _LINE.finditer(text, start, end):
        notes = _NOTES.match(text, line.start(1), line.end(1))
        row = notes.end() if notes is not None else line.start(1)
        if row < line.end(1):
            lines.append(TableLine(line.start(1), row, row + len(text[row : line.end(1)].rstrip())))
        elif line[1].strip():
            lines.append(TableLine(line.start(1), -1, line.end(1)))
    return lines


def is_delimiter_row(text: str, start: int, end: int) -> bool:
    return _DELIMITERS.fullmatch(text, start, end) is not None


def cells_of(
    text: str, start: int, end: int, columns: int | None = None
) -> tuple[list[tuple[int, int]], int]:
    """(start, end) of each cell of a row, and where the notes behind the last bar begin (`end` if there are
    none).

    A bar does not end a cell inside quotes, behind a backslash, or as half of the operator `||`; the last
    holds only where the row has `columns` cells with it.
    """
    cells, notes = _split(text, start, end, keeps_or=True)
    if columns is not None and len(cells) != columns:
        apart, apart_notes = _split(text, start, end, keeps_or=False)
        if len(apart) == columns:
            return apart, apart_notes
    return cells, notes


def _split(text: str, start: int, end: int, *, keeps_or: bool) -> tuple[list[tuple[int, int]], int]:
    cells: list[tuple[int, int]] = []
    cell_start = start + 1 if text[start] == "|" else start
    position = cell_start
    while position < end:
        character = text[position]
        if character in "\"'":
            position = _behind_quote(text, position, end)
            continue
        if character == "\\":
            position += 2
            continue
        if character == "|":
            if keeps_or and text.startswith("||", position) and position + 2 < end:
                position += 2
                continue
            cells.append((cell_start, position))
            cell_start = position + 1
        position += 1
    if text[cell_start:end].strip():
        notes = _NOTES.match(text, cell_start, end)
        if notes is not None and notes.end() == end:
            return cells, cell_start
        cells.append((cell_start, end))
    return cells, end


def _behind_quote(text: str, position: int, end: int) -> int:
    """The offset behind the text in quotes that begins at `position`; just behind the quote if it never
    ends.
    """
    quote = text[position]
    inside = position + 1
    while inside < end:
        if text[inside] == "\\":
            inside += 2
            continue
        if text[inside] == quote:
            return inside + 1
        inside += 1
    return position + 1
