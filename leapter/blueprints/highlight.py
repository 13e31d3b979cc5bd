"""The lines of a source or a types document, marked up for reading."""

import re

from markupsafe import Markup, escape

from leapter.blueprints.checking import lines_of

MAX_MARKED_CHARACTERS = 100_000

# One pass over the text, so that a keyword inside a string or a comment stays what it is. The parts of the
# language that span lines are cut at line ends afterwards.
_TOKENS = (
    r"(?P<label>//\*[^\r\n]*)"
    r'|(?P<description>"""[\s\S]*?(?:"""|\Z))'
    r"|(?P<comment>//[^\r\n]*|/\*[\s\S]*?(?:\*/|\Z))"
    r'|(?P<string>"(?:[^"\\\r\n]|\\[^\r\n])*"?|' + r"'(?:[^'\\\r\n]|\\[^\r\n])*'?)"
    r"|(?P<node>@[A-Za-z]-[0-9A-Fa-f]+)"
    r"|(?P<annotation>@[A-Za-z_]\w*)"
    r"|(?P<keyword>\b(?:KEYWORDS)\b)"
    r"|(?P<constant>\b(?:true|false|null|absent)\b|\b[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\b)"
    r"|[A-Za-z_$][A-Za-z0-9_$]*"
)
_LOGIC = re.compile(
    _TOKENS.replace(
        "KEYWORDS",
        "function|section|choose|if|else|decide|first|for|in|while|break|continue|throw|return|var"
        "|type|choice|list|map|of|is|isnt|not|and|or|any",
    )
)
_TYPES = re.compile(_TOKENS.replace("KEYWORDS", "define|as|Structure|constrained_to|list|map|of|any"))


def marked_lines(source: str) -> list[Markup]:
    """The lines of a Blueprint's source as markup: labels, descriptions, strings, keywords in spans of a
    class each.

    The empty line that a last line end leaves is not among them. A source of more than
    `MAX_MARKED_CHARACTERS` is only split.
    """
    return _marked(source, _LOGIC)


def marked_types_lines(text: str) -> list[Markup]:
    """The lines of a types document, as those of a Blueprint."""
    return _marked(text, _TYPES)


def _marked(source: str, pattern: re.Pattern[str]) -> list[Markup]:
    parts: list[Markup] = []
    end = 0
    # Some 15 µs a token: a megabyte of them would hold up everyone else's pages for seconds.
    tokens = pattern.finditer(source) if len(source) <= MAX_MARKED_CHARACTERS else ()
    for match in tokens:
        kind = match.lastgroup
        if kind is None:
            continue
        parts.append(escape(source[end : match.start()]))
        # A span that crossed a line's end would be torn when the text is split.
        parts.append(
            Markup("\n").join(
                Markup('<span class="code-{}">{}</span>').format(kind, line) if line else Markup("")
                for line in lines_of(match.group())
            )
        )
        end = match.end()
    parts.append(escape(source[end:]))
    lines = [Markup(line) for line in lines_of(str(Markup("").join(parts)))]  # noqa: S704 (escaped above)
    return lines[:-1] if len(lines) > 1 and not lines[-1] else lines
