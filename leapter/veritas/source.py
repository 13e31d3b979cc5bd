"""Source text with its lines and columns."""

from bisect import bisect_right

MAX_SOURCE_BYTES = 1024 * 1024
# Words, numbers and signs of one source. To check and compile so many takes some three seconds and 300 MiB; a
# source of 1 MiB that is nothing else, four times as much.
MAX_SIZE = 150_000
TOO_LARGE = f"The source has more than {MAX_SIZE:,} words, numbers and signs."
SPLIT_IT = "Split it into several Blueprints."
_MAX_EXCERPT_CHARACTERS = 160


class Source:
    """The text of one file; offsets into it become lines and columns (both from 1)."""

    __slots__ = ("_line_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        starts = [0]
        # \r\n, \n and \r each end a line; U+2028 and U+2029 do not, as editors count them differently.
        position = text.find("\r")
        if position < 0:
            position = text.find("\n")
            while position >= 0:
                starts.append(position + 1)
                position = text.find("\n", position + 1)
        else:
            for index, character in enumerate(text):
                if character == "\n" or (character == "\r" and text[index + 1 : index + 2] != "\n"):
                    starts.append(index + 1)
        self._line_starts = starts

    def line_of(self, offset: int) -> int:
        return bisect_right(self._line_starts, offset)

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column) of the character at `offset`, both counted from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def start_of(self, line: int) -> int:
        """The offset at which a line begins."""
        return self._line_starts[line - 1]

    def line_text(self, line: int) -> str:
        start = self._line_starts[line - 1]
        end = self._line_starts[line] if line < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def excerpt(self, line: int, column: int) -> str:
        """The source line and, below it, a caret under `column`; tabs become blanks, long lines are cut."""
        text = self.line_text(line).replace("\t", " ")
        first = 0
        if column > _MAX_EXCERPT_CHARACTERS - 20:
            first = column - _MAX_EXCERPT_CHARACTERS // 2
        shown = text[first : first + _MAX_EXCERPT_CHARACTERS]
        return f"{shown}\n{' ' * (column - 1 - first)}^"
