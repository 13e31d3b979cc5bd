"""Characters that word processors, web pages and other languages put where Veritas has another one."""

import re
import unicodedata

# Quotes that a word processor makes of straight ones.
DOUBLE_QUOTES = "“”„‟«»＂"
SINGLE_QUOTES = "‘’‚‛‹›＇´"

# Signs that stand for an operator of the language.
_SIGNS = {
    "×": "*",
    "·": "*",
    "÷": "/",
    "−": "-",
    "–": "-",
    "—": "-",
    "‐": "-",
    "‑": "-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "→": "->",
    "⇒": "->",
    "∧": "&&",
    "∨": "||",
    "¬": "!",
    "、": ",",
    "。": ".",
}

_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufffe\u034f\u180e")
# Letters of other alphabets that look like ours.
_TWINS = str.maketrans("аеорсухіјѕԁԛԝАВЕКМНОРСТХΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "aeopcyxijsdqwABEKMHOPCTXABEZHIKMNOPTYXo")
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_TEMPLATE_PART = re.compile(r"\$\{([^{}]*)\}")
_MOST_SHOWN = 60


def meant_sign(character: str) -> str | None:
    """The plain operator that a sign stands for, as `≤` for `<=`; None for a sign without one."""
    if character in _SIGNS:
        return _SIGNS[character]
    plain = unicodedata.normalize("NFKC", character)
    return plain if plain != character and len(plain) == 1 and "!" <= plain <= "~" else None


def is_invisible(character: str) -> bool:
    return character in _INVISIBLE or unicodedata.category(character) in ("Cc", "Cf")


def meant_word(word: str) -> str | None:
    """The name or number in plain letters that was meant by `word`, such as full-width `ｆｅｅ`; None when it
    has other letters.
    """
    plain = unicodedata.normalize("NFKC", word)
    return plain if plain.isascii() else None


def plain_name(word: str) -> str | None:
    """A name of ASCII letters that reads like `word`, if leaving out accents gives one."""
    spelled = word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    spelled = spelled.replace("Ä", "Ae").replace("Ö", "Oe").replace("Ü", "Ue")
    letters = unicodedata.normalize("NFKD", spelled.translate(_TWINS))
    name = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return name if _NAME.fullmatch(name) else None


def straight(inner: str) -> str:
    """The text between two wrong quotes, as a string in straight ones."""
    if '"' not in inner:
        return f'"{inner}"'
    if "'" not in inner:
        return f"'{inner}'"
    return '"' + inner.replace('"', '\\"') + '"'


def concatenation(template: str) -> str | None:
    """What a template, backticks left out, is written as here: text joined with `+`; None for a long one."""
    if len(template) > _MOST_SHOWN or "\n" in template:
        return None
    parts = []
    for position, part in enumerate(_TEMPLATE_PART.split(template)):
        if position % 2:
            parts.append(part.strip() if _NAME.fullmatch(part.strip()) else f"({part.strip()})")
        elif part:
            parts.append(straight(part))
    return " + ".join(parts) or '""'
