"""How wide a text is at most, where there is no browser to ask, and lines that fit."""

# Widths of the printable ASCII characters from the space on, in hundredths of the font size: the wider one of
# DejaVu Sans and Liberation Sans (as wide as Arial), measured in Chromium. The other fonts of the
# pages (Segoe UI, Roboto, San Francisco, Noto Sans) are narrower.
_PLAIN = (
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 56, 102, 68, 69, 72, 77, 67, 61, 78, 75, 29, 50, 67, 56, 86, 75, 79,
    67, 79, 72, 67, 61, 73, 68, 99, 69, 67, 69, 39, 34, 39, 84, 56, 50, 61, 63, 55, 63, 62, 35, 63,
    63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
)  # fmt: skip
_BOLD = (
    35, 46, 52, 84, 70, 100, 87, 31, 46, 46, 52, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70,
    70, 70, 40, 40, 84, 84, 84, 58, 100, 77, 76, 73, 83, 68, 68, 82, 84, 37, 56, 77, 64, 100, 84, 85,
    73, 85, 77, 72, 68, 81, 77, 110, 77, 72, 73, 46, 37, 46, 84, 56, 50, 67, 72, 59, 72, 68, 44, 72,
    71, 34, 34, 67, 34, 104, 71, 69, 72, 72, 49, 60, 48, 71, 65, 92, 65, 65, 58, 71, 37, 71, 84,
)  # fmt: skip
_MONO = (61,) * len(_PLAIN)
_OTHER_LETTER = 66  # é, ß, я and their like in small letters
_OTHER = 110


class _Widths(dict[str, int]):
    """By character; those that no table has get the width of the widest."""

    def __missing__(self, character: str) -> int:
        return _OTHER_LETTER if ord(character) < 0x500 and character.islower() else _OTHER


class Font:
    """Texts of one size.

    Args:
        size: in pixels.
        widths: of the printable ASCII characters, as above.
    """

    def __init__(self, size: int, widths: tuple[int, ...]) -> None:
        self.size = size
        self._widths = _Widths(zip(map(chr, range(32, 127)), widths, strict=True))

    def width(self, text: str) -> float:
        """An upper bound of the width of `text` in pixels."""
        return sum(map(self._widths.__getitem__, text)) * self.size / 100

    def cut(self, text: str, room: float) -> str:
        """As much of `text` as fits into `room` pixels, with "…" where something is missing."""
        if self.width(text) <= room:
            return text
        return text[: self._fitting(text, room - self.width("…"))].rstrip() + "…"

    def lines(self, text: str, room: float, most: int) -> list[str]:
        """`text` in at most `most` lines of `room` pixels, broken between words where that is possible."""
        words = text.split()
        lines: list[str] = []
        while words and len(lines) < most - 1:
            line = words[0]
            width = self.width(line)
            count = 1
            while count < len(words):
                width += self.width(f" {words[count]}")
                if width > room:
                    break
                line += f" {words[count]}"
                count += 1
            if count == 1 and width > room and self.width(line) > room:
                place = max(1, self._fitting(line, room))
                line, words[0] = line[:place], line[place:]
                count = 0
            lines.append(line)
            words = words[count:]
        if words:
            lines.append(self.cut(" ".join(words), room))
        return lines

    def _fitting(self, text: str, room: float) -> int:
        """How many of its first characters fit."""
        left = room * 100 / self.size
        for place, character in enumerate(text):
            left -= self._widths[character]
            if left < 0:
                return place
        return len(text)


PLAIN = Font(13, _PLAIN)
BOLD = Font(13, _BOLD)
SMALL = Font(11, _PLAIN)
MONO = Font(11, _MONO)
