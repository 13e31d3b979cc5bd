"""Source text to tokens."""

import re
from dataclasses import dataclass

from leapter.veritas.findings import Findings
from leapter.veritas.source import Source

RESERVED = frozenset(
    [
        "function",
        "var",
        "if",
        "else",
        "for",
        "in",
        "while",
        "break",
        "continue",
        "throw",
        "return",
        "true",
        "false",
        "null",
        "absent",
        "and",
        "or",
        "not",
        "is",
        "isnt",
    ]
)

_OPERATORS = (
    "===", "!==", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "->", "=>", "++", "--",
    "{", "}", "(", ")", "[", "]", ",", ";", ":", "?", ".", "<", ">", "+", "-", "*", "/", "%", "=", "!", "|",
    "&", "~", "^", "`", "#", "\\", "@",
)  # fmt: skip

_TOKEN = re.compile(
    "|".join(
        (
            r"(?P<space>[ \t\f\v\u00a0\ufeff\u2028\u2029]+)",
            r"(?P<newline>[\r\n]+)",
            r"(?P<name>[A-Za-z_$][A-Za-z0-9_$]*)",
            r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)",
            r"(?P<label>//\*[^\r\n]*)",
            r"(?P<id>//#id\b[^\r\n]*)",
            r"(?P<comment>//[^\r\n]*|/\*[\s\S]*?\*/)",
            r"(?P<open_comment>/\*)",
            r'(?P<description>"""[\s\S]*?""")',
            r'(?P<open_description>""")',
            (
                r'(?P<string>"[^"\\\r\n]*(?:\\(?:\r\n|[\s\S])[^"\\\r\n]*)*"'
                r"|'[^'\\\r\n]*(?:\\(?:\r\n|[\s\S])[^'\\\r\n]*)*')"
            ),
            r"(?P<open_string>[\"'][^\r\n]*)",
            r"(?P<node>@[A-Za-z]-[0-9A-Za-z]+)",
            "(?P<operator>" + "|".join(re.escape(operator) for operator in _OPERATORS) + ")",
            r"(?P<other>[\s\S])",
        )
    )
)

_TABLE_LINE = re.compile(r"[ \t]*(?:\|[^\r\n]*|//[^\r\n]*|@[A-Za-z]-[0-9A-Za-z]+[^\r\n]*)?(?:\r\n|[\r\n]|$)")
_NAME_TAIL = re.compile(r"[A-Za-z0-9_$]+")
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


def tokenize(source: Source, findings: Findings, start: int = 0, end: int | None = None) -> list[Token]:
    """The tokens of the source between two offsets; the last one is of kind "end". Problems become
    findings.
    """
    text = source.text
    stop = len(text) if end is None else end
    tokens: list[Token] = []
    notes: list[Note] | None = None
    after_newline = False
    position = start
    match_at = _TOKEN.match
    while position < stop:
        match = match_at(text, position, stop)
        if match is None:  # never: the last alternative takes any character
            break
        kind = match.lastgroup
        start_of_token = position
        position = match.end()
        if kind == "space":
            continue
        if kind == "newline":
            after_newline = True
            continue
        word = match.group()
        if kind == "name":
            tokens.append(
                Token(
                    word if word in RESERVED else "name", word, start_of_token, position, after_newline, notes
                )
            )
            notes, after_newline = None, False
            if word == "first" and len(tokens) > 1 and tokens[-2].text == "decide":
                table = _table(text, position, stop)
                if table is not None:
                    tokens.append(table)
                    position = table.end
                    after_newline = True
        elif kind == "operator":
            tokens.append(Token(word, word, start_of_token, position, after_newline, notes))
            notes, after_newline = None, False
        elif kind in ("number", "string"):
            if kind == "number":
                position = _check_number(match, findings)
            tokens.append(Token(kind, word, start_of_token, position, after_newline, notes))
            notes, after_newline = None, False
        elif kind in ("label", "description", "id", "node"):
            if notes is None:
                notes = []
            notes.append(_note(kind, word, start_of_token))
            after_newline = after_newline or "\n" in word
        elif kind == "comment":
            after_newline = after_newline or "\n" in word or "\r" in word
        elif kind == "open_string":
            findings.error(
                start_of_token,
                "open_text",
                "This text has no closing quote.",
                f"Close it with {word[0]} on the same line, or write \\n for a line break.",
            )
            tokens.append(Token("string", word + word[0], start_of_token, position, after_newline, notes))
            notes, after_newline = None, False
        elif kind in ("open_comment", "open_description"):
            closing = "*/" if kind == "open_comment" else '"""'
            what = "comment" if kind == "open_comment" else "description"
            findings.error(
                start_of_token, f"open_{what}", f"This {what} is never closed.", f"Close it with {closing}"
            )
            position = stop
        else:
            findings.unread(
                start_of_token,
                "unexpected_character",
                f"The character {_shown(word)} has no meaning here.",
                "Put it between quotes if it is text." if word.isprintable() else "Remove it.",
            )
    tokens.append(Token("end", "", stop, stop, after_newline, notes))
    return tokens


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
    tail = _NAME_TAIL.match(match.string, position, match.endpos)
    if tail is not None:
        whole = word + tail.group()
        if whole[:2] in ("0x", "0X"):
            findings.error(start, "bad_number", f"`{whole}` is not a decimal number.", "Write it in decimal.")
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


def _table(text: str, position: int, stop: int) -> Token | None:
    """The lines of a decision table from `position` on (just behind `decide first`) as one token."""
    start = end = -1
    line = _TABLE_LINE.match(text, position, stop)
    first_line = True
    while line is not None and line.end() > line.start():
        content = line.group().strip()
        if content.startswith("|"):
            if start < 0:
                start = line.start() + line.group().index("|")
            end = line.start() + len(line.group().rstrip())
        elif (not content and start >= 0) or (
            content and not first_line and start < 0 and not content.startswith("//")
        ):
            break
        first_line = False
        if line.end() >= stop:
            break
        line = _TABLE_LINE.match(text, line.end(), stop)
    if start < 0:
        return None
    return Token("table", "", start, end, True, None)


def _shown(character: str) -> str:
    return f"`{character}`" if character.isprintable() else f"U+{ord(character):04X}"
