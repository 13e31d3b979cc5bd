"""Source text to tokens."""

import re
from dataclasses import dataclass
from typing import cast

from leapter.veritas import lookalikes
from leapter.veritas.findings import Findings
from leapter.veritas.source import MAX_SIZE, SPLIT_IT, TOO_LARGE, Source
from leapter.veritas.table_text import find_table

RESERVED = frozenset((
    "function", "var", "if", "else", "for", "in", "while", "break", "continue", "throw", "return",
    "true", "false", "null", "absent", "and", "or", "not", "is", "isnt",
))  # fmt: skip

_OPERATORS = (
    "===", "!==", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "->", "=>", "++", "--",
    "{", "}", "(", ")", "[", "]", ",", ";", ":", "?", ".", "<", ">", "+", "-", "*", "/", "%", "=", "!", "|",
    "&", "~", "^", "`", "\\", "@",
)  # fmt: skip

_DOUBLE, _SINGLE = lookalikes.DOUBLE_QUOTES, lookalikes.SINGLE_QUOTES

_TOKEN = re.compile(
    "|".join(
        (
            r"(?P<space>[ \t\f\v\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+)",
            r"(?P<newline>[\r\n]+)",
            # A word with a letter that no name can have is read as a whole, further down.
            r"(?P<name>[A-Za-z_$][A-Za-z0-9_$]*+(?![^\W\x00-\x7f]))",
            r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)",
            r"(?P<label>//\*[^\r\n]*)",
            r"(?P<id>//#id\b[^\r\n]*)",
            r"(?P<comment>//[^\r\n]*|/\*[\s\S]*?\*/)",
            r"(?P<open_comment>/\*[^\r\n]*(?:[\r\n]+[ \t]*\*[^\r\n]*)*)",
            r'(?P<description>"""[\s\S]*?""")',
            r'(?P<open_description>"""[^\r\n]*)',
            # `""` with a word behind it: a quote is missing.
            r'(?P<half_description>""(?=\w)[^"\r\n]*"{0,3})',
            (
                r'(?P<string>"[^"\\\r\n]*(?:\\(?:\r\n|[\s\S])[^"\\\r\n]*)*"'
                r"|'[^'\\\r\n]*(?:\\(?:\r\n|[\s\S])[^'\\\r\n]*)*')"
            ),
            r"(?P<open_string>[\"'][^\r\n]*)",
            rf"(?P<curly_description>[{_DOUBLE}]{{3}}[\s\S]*?[{_DOUBLE}]{{3}})",
            (
                rf"(?P<curly>[{_DOUBLE}][^\r\n\"{_DOUBLE}]*[\"{_DOUBLE}]"
                rf"|[{_SINGLE}][^\r\n'{_SINGLE}]*['{_SINGLE}])"
            ),
            r"(?P<template>`[^`\r\n]*`|`[^`]{0,2000}`)",
            r"(?P<node>@[A-Za-z]-[0-9A-Za-z]+)",
            # In a cell of a decision table, a bar is written with a backslash before it.
            r"(?P<bars>\\\|\\\|)",
            r"(?P<hash>#[^\r\n]*)",
            "(?P<operator>" + "|".join(re.escape(operator) for operator in _OPERATORS) + ")",
            r"(?P<word>[\w$]+)",
            r"(?P<other>[\s\S])",
        )
    )
)

_REGULAR_EXPRESSION = re.compile(
    r"/(?![*/ ])(?:[^/\\\[\r\n]|\\[^\r\n]|\[(?:[^\]\\\r\n]|\\[^\r\n]){0,200}+\]){1,200}+/[a-z]*"
)
# What an operand can end with: a slash behind it divides.
_OPERAND_ENDS = frozenset(("name", "number", "string", "true", "false", "null", "absent", ")", "]", "}"))
# Behind these on its line, a label belongs to what ends there: `fee = 1; //* Set the fee`.
_LABELLED_ENDS = _OPERAND_ENDS - {"}"} | {";", ",", "break", "continue", "return"}

_DECIDE = frozenset(("decide", "Decide", "DECIDE"))
_TABLE_BELOW = re.compile(r"[ \t]*(?:\r\n|[\r\n])[ \t]*\|")
_NOTES = frozenset(("label", "description", "id", "node"))
_OPENINGS = {"open_comment": ("comment", "*/"), "open_description": ("description", '"""')}
# A text in single quotes that an apostrophe ends too early.
_APOSTROPHE = re.compile(r"'[^'\"\\\r\n]*'(?=[A-Za-z])")
_REST_OF_LINE = re.compile(r"[^\r\n]*")
_NEXT_LINE = re.compile(r"(?:\r\n|[\r\n])[^\r\n]*")
_LINE_BREAKS = re.compile(r"[\r\n]+")
# How a statement, or the head of a block, ends its line.
_STATEMENT_END = re.compile(r"[;{}]\s*$")
_LINE_END = re.compile(r"[\s;,{)\]]+$")
# A text that was broken over lines is looked for so many lines further down.
_MOST_TEXT_LINES = 5
_MOST_SHOWN = 60
_NAME_TAIL = re.compile(r"[\w$]+")
# Without a blank, `1,000` is no list: 000 is no number. `100,200` may be one.
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:(?:,[0-9]{3})*,0[0-9]{2}(?:,[0-9]{3})*|(?:_[0-9]+)+)(?![0-9])")
# Numbers that are not decimal, in other languages.
_OTHER_BASE = re.compile(r"0(?:[xX]|[bB][01]|[oO][0-7])")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(\r\n)|([\s\S]))")
_SINGLE_ESCAPES = {
    "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "0": "\0", "\n": "", "\r": "",
    "\u2028": "", "\u2029": "",
}  # fmt: skip


@dataclass(slots=True)
class Note:
    """A label, description, Blueprint id or node id, in the order of the source."""

    kind: str  # "label", "description", "id", "node"
    text: str
    start: int


@dataclass(slots=True)
class Token:
    """`kind` is "name", "number", "string", "table" or "end"; reserved words and operators are their own
    kind.
    """

    kind: str
    text: str
    start: int
    end: int
    # Whether a line ended between the token before and this one.
    after_newline: bool
    notes: list[Note] | None
    # A label behind this token, at the end of its line.
    trailing: Note | None = None


def tokenize(source: Source, findings: Findings, start: int = 0, end: int | None = None) -> list[Token]:
    """The tokens of the source between two offsets; the last one is of kind "end". Problems become
    findings.
    """
    return _Lexer(source, findings, start, len(source.text) if end is None else end).tokens


@dataclass(frozen=True, slots=True)
class _Meant:
    """What is taken for something that is not Veritas: nothing, a token or a note, up to `end`."""

    end: int
    kind: str = ""
    text: str = ""
    note: Note | None = None


class _Lexer:
    def __init__(self, source: Source, findings: Findings, start: int, stop: int) -> None:
        self._source = source
        self._text = source.text
        self._findings = findings
        self._stop = stop
        self._has_odd_descriptions: bool | None = None
        self.tokens: list[Token] = []
        self._read(start)

    def _read(self, position: int) -> None:
        text, stop, tokens = self._text, self._stop, self.tokens
        notes: list[Note] | None = None
        after_newline = False
        match_at = _TOKEN.match
        while position < stop and len(tokens) <= MAX_SIZE:
            match = cast(
                "re.Match[str]", match_at(text, position, stop)
            )  # the last alternative takes anything
            kind = match.lastgroup
            start = position
            position = match.end()
            if kind == "space":
                continue
            if kind == "newline":
                after_newline = True
                continue
            word = match.group()
            if kind == "name":
                token = Token(
                    word if word in RESERVED else "name", word, start, position, after_newline, notes
                )
            elif kind == "operator" and (word[0] != "/" or not self._is_regular_expression(start)):
                token = Token(word, word, start, position, after_newline, notes)
            elif kind == "string":
                if "\\" in word:
                    self._check_escapes(word, start)
                token = Token("string", word, start, position, after_newline, notes)
            elif kind == "number":
                position = _check_number(match, self._findings)
                token = Token("number", word, start, position, after_newline, notes)
            elif kind in _NOTES:
                note = _note(kind, word, start)
                if (
                    kind == "label"
                    and notes is None
                    and not after_newline
                    and tokens
                    and tokens[-1].kind in _LABELLED_ENDS
                ):
                    tokens[-1].trailing = note
                else:
                    notes = [] if notes is None else notes
                    notes.append(note)
                if kind == "description" and self._is_left_open(match):
                    self._report_open(start, "description", '"""')
                    position = start + len(word.splitlines()[0])
                after_newline = after_newline or "\n" in word or "\r" in word
                continue
            elif kind == "comment":
                after_newline = after_newline or "\n" in word or "\r" in word
                continue
            else:
                meant = self._meant(match)
                position = meant.end
                if meant.note is not None:
                    notes = [*(notes or ()), meant.note]
                if not meant.kind:
                    continue
                token = Token(meant.kind, meant.text, start, position, after_newline, notes)
            tokens.append(token)
            notes, after_newline = None, False
            if kind == "name" and self._is_before_table(position):
                table = find_table(text, position, stop)
                if table is not None:
                    tokens.append(Token("table", "", *table, True, None))
                    position = table[1]
                    after_newline = True
        if len(tokens) > MAX_SIZE:
            self._findings.close(tokens[-1].start, "too_large", TOO_LARGE, SPLIT_IT)
        tokens.append(Token("end", "", stop, stop, after_newline, notes))

    def _is_before_table(self, position: int) -> bool:
        """Whether a decision table may follow the word just read: `decide first`, or half of it."""
        tokens = self.tokens
        if tokens[-1].text in _DECIDE or tokens[-1].text == "first":
            if len(tokens) > 1 and tokens[-2].text in _DECIDE:
                return True
            return _TABLE_BELOW.match(self._text, position, self._stop) is not None
        return len(tokens) > 1 and tokens[-2].text in _DECIDE and not tokens[-1].after_newline

    def _check_escapes(self, word: str, start: int) -> None:
        for escape in _ESCAPE.finditer(word):
            if escape[4] in ("x", "u"):
                digits = "two" if escape[4] == "x" else "four"
                self._findings.warning(
                    start + escape.start(),
                    "bad_escape",
                    f"Without {digits} hexadecimal digits behind it, `\\{escape[4]}` is `{escape[4]}`.",
                    "Write \\\\ for a backslash.",
                )

    # What is not Veritas: each is reported once, and read as what was probably meant.

    def _meant(self, match: re.Match[str]) -> _Meant:
        kind, word, start, end = match.lastgroup, match.group(), match.start(), match.end()
        if kind == "open_string":
            return self._open_string(word, start)
        if kind in ("open_comment", "open_description"):
            self._report_open(start, *_OPENINGS[kind])
            return _Meant(end)
        if kind == "half_description":
            self._findings.unread(
                start,
                "open_description",
                "A description stands between three quotes at each end.",
                'Write """…"""',
            )
            return _Meant(end, note=_note("description", word, start))
        if kind in ("curly", "curly_description"):
            return self._curly(kind, word, start, end)
        if kind == "template":
            return self._template(word, start, end)
        if kind == "operator":
            return self._regular_expression(start)
        if kind == "bars":
            return _Meant(end, "||", "||")
        if kind == "hash":
            self._findings.error(start, "hash", "`#` has no meaning here.", "A comment begins with //")
            return _Meant(end)
        if kind == "word":
            return self._word(word, start, end)
        return self._other(word, start, end)

    def _report_open(self, start: int, what: str, closing: str) -> None:
        self._findings.has_open_text = True
        self._findings.unread(
            start, f"open_{what}", f"This {what} is never closed.", f"Close it with {closing}"
        )

    def _is_left_open(self, match: re.Match[str]) -> bool:
        """Whether a description over several lines ends only where the next one begins."""
        if "\n" not in match.group() and "\r" not in match.group():
            return False
        if self._has_odd_descriptions is None:
            self._has_odd_descriptions = self._text.count('"""') % 2 == 1
        rest = cast("re.Match[str]", _REST_OF_LINE.match(self._text, match.end()))
        return self._has_odd_descriptions and '"""' in rest.group()

    def _open_string(self, word: str, start: int) -> _Meant:
        curly = lookalikes.DOUBLE_QUOTES if word[0] == '"' else lookalikes.SINGLE_QUOTES
        for position, character in enumerate(word):
            if character in curly:
                return self._curly("curly", word[: position + 1], start, start + position + 1)
        line_start = start + 1 - self._source.position(start)[1]
        early = _APOSTROPHE.search(self._text, line_start, start) if word[0] == "'" else None
        if early is not None:
            self._findings.unread(
                early.end() - 1,
                "apostrophe",
                "This apostrophe ends the text.",
                'Put the text between double quotes: "…"',
            )
            return _Meant(start + 1, "string", '""')
        self._findings.unread(
            start,
            "open_text",
            "This text has no closing quote.",
            f"Close it with {word[0]} on the same line, or write \\n for a line break.",
        )
        end = self._end_of_text_over_lines(word, start)
        if end is None:
            # What ends the line ends the statement, rather than being part of the text.
            word = _LINE_END.sub("", word)
            end = start + len(word)
        return _Meant(end, "string", lookalikes.straight(word[1:].rstrip("\\")))

    def _end_of_text_over_lines(self, word: str, start: int) -> int | None:
        """Where a text that goes on in the next lines ends, if it seems to do so."""
        if _STATEMENT_END.search(word):
            return None
        position = start + len(word)
        for _ in range(_MOST_TEXT_LINES):
            line = _NEXT_LINE.match(self._text, position, self._stop)
            if line is None:
                return None
            quotes = line.group().count(word[0])
            if quotes:
                return line.start() + line.group().index(word[0]) + 1 if quotes % 2 else None
            if _STATEMENT_END.search(line.group()):
                return None
            position = line.end()
        return None

    def _curly(self, kind: str, word: str, start: int, end: int) -> _Meant:
        if kind == "curly_description":
            self._findings.error(
                start,
                "curly_quotes",
                "These are quotes of a word processor; a description stands between straight ones.",
                'Write """…"""',
            )
            return _Meant(end, note=_note("description", word, start))
        written = lookalikes.straight(word[1:-1])
        self._findings.error(
            start,
            "curly_quotes",
            "These are quotes of a word processor; text stands between straight ones.",
            f"Write {written if len(written) <= _MOST_SHOWN else written[0] + '…' + written[0]}",
        )
        return _Meant(end, "string", written)

    def _template(self, word: str, start: int, end: int) -> _Meant:
        written = lookalikes.concatenation(word[1:-1])
        self._findings.error(
            start,
            "template",
            "There are no templates: text stands in quotes and is joined with +.",
            f"Write {written}" if written else 'Write "Total: " + total',
        )
        return _Meant(end, "string", lookalikes.straight(_LINE_BREAKS.sub(" ", word[1:-1]).replace("\\", "")))

    def _is_regular_expression(self, start: int) -> bool:
        if self.tokens and self.tokens[-1].kind in _OPERAND_ENDS:
            return False
        return _REGULAR_EXPRESSION.match(self._text, start, self._stop) is not None

    def _regular_expression(self, start: int) -> _Meant:
        self._findings.error(
            start,
            "regular_expression",
            "There are no regular expressions.",
            "Use indexOf, slice, split or replace.",
        )
        match = cast("re.Match[str]", _REGULAR_EXPRESSION.match(self._text, start, self._stop))
        return _Meant(match.end(), "string", '""')

    def _word(self, word: str, start: int, end: int) -> _Meant:
        """A name or number with a letter or digit that is not ASCII."""
        plain = lookalikes.meant_word(word)
        if plain is not None:
            self._findings.error(
                start,
                "lookalike",
                f"`{word}` is in characters that only look like those of a program.",
                f"Write {plain}",
            )
            kind = plain if plain in RESERVED else "name"
            return _Meant(end, "number" if plain.isdecimal() else kind, plain)
        # Once for each name: it is one thing to mend, however often it stands there.
        if word not in self._findings.foreign_names:
            self._findings.foreign_names.add(word)
            name = lookalikes.plain_name(word)
            self._findings.error(
                start,
                "bad_name",
                f"The name `{word}` has letters that a name cannot have.",
                f"Write {name}, everywhere" if name else "Names have the letters a to z, digits, _ and $.",
            )
        return _Meant(end, "name", word)

    def _other(self, word: str, start: int, end: int) -> _Meant:
        sign = lookalikes.meant_sign(word)
        if sign is not None:
            self._findings.error(
                start, "lookalike", f"`{word}` is not a sign of the language.", f"Write {sign}"
            )
            return _Meant(end, sign, sign) if sign in _OPERATORS else _Meant(end)
        if lookalikes.is_invisible(word):
            self._findings.error(
                start,
                "invisible_character",
                f"There is an invisible character here, U+{ord(word):04X}.",
                "Delete it, or write this place anew.",
            )
            return _Meant(end)
        self._findings.unread(
            start,
            "unexpected_character",
            f"The character {_shown(word)} has no meaning here.",
            "Put it between quotes if it is text." if word.isprintable() else "Remove it.",
        )
        return _Meant(end)


def text_value(token_text: str) -> str:
    """The value of a string token, escapes resolved (ES5 §7.8.4)."""
    inner = token_text[1:-1]
    if "\\" not in inner:
        return inner
    return _ESCAPE.sub(_unescape, inner)


def _unescape(match: re.Match[str]) -> str:
    two, four, line, single = match.groups()
    if two or four:
        return chr(int(two or four, 16))
    if line:
        return ""
    return _SINGLE_ESCAPES.get(single, single)


def _check_number(match: re.Match[str], findings: Findings) -> int:
    """Reports a number that is not written as one; returns where its token ends."""
    word, start, position = match.group(), match.start(), match.end()
    thousands = _THOUSANDS.match(match.string, start, match.endpos)
    if thousands is not None:
        written = thousands.group().replace(",", "").replace("_", "")
        findings.error(start, "bad_number", "A number has nothing between its thousands.", f"Write {written}")
        return thousands.end()
    tail = _NAME_TAIL.match(match.string, position, match.endpos)
    if tail is not None:
        whole = word + tail.group()
        if _OTHER_BASE.match(whole):
            findings.error(start, "bad_number", f"`{whole}` is not a decimal number.", "Write it in decimal.")
        elif tail.group() in ("e", "E"):
            findings.error(
                start,
                "bad_number",
                f"`{whole}` lacks the digits of its exponent.",
                f"Write {whole}3, or {word}",
            )
        else:
            findings.error(
                start,
                "bad_number",
                f"`{whole}` is neither a number nor a name.",
                "A name cannot begin with a digit.",
            )
        return tail.end()
    if len(word) > 1 and word[0] == "0" and word[1].isdigit():
        findings.error(
            start,
            "bad_number",
            f"`{word}` begins with 0.",
            f"Write {word.lstrip('0') or '0'}, without leading zeros.",
        )
    return position


def _note(kind: str, word: str, start: int) -> Note:
    if kind == "label":
        return Note(kind, word[3:].strip(), start)
    if kind == "description":
        lines = [line.strip() for line in word[3:-3].strip().splitlines()]
        return Note(kind, "\n".join(lines), start)
    if kind == "id":
        return Note(kind, word[5:].strip(), start)
    return Note(kind, word[1:], start)


def _shown(character: str) -> str:
    return f"`{character}`" if character.isprintable() else f"U+{ord(character):04X}"
