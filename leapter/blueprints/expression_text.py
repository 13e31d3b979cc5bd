"""Expressions of a source as text for reading."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from leapter.veritas import ast
from leapter.veritas.findings import Findings
from leapter.veritas.lexer import Token, tokenize
from leapter.veritas.source import Source

FragmentKind = Literal["plain", "word", "name", "string", "constant"]

# Each stands for exactly the operator it replaces: `and` and `&&` are the same, and so are ≤ and `<=`.
_READABLE = {
    "&&": "and",
    "||": "or",
    "===": "is",
    "!==": "isnt",
    "!": "not",
    "<=": "≤",
    ">=": "≥",
    "*": "×",
}
_WORDS = frozenset({"and", "or", "is", "isnt", "not"})
_CONSTANTS = frozenset({"true", "false", "null", "absent"})
_BINARY = frozenset(
    {
        "&&",
        "||",
        "and",
        "or",
        "is",
        "isnt",
        "===",
        "!==",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "-",
        "*",
        "/",
    }
    | {"%", "=", "+=", "-=", "*=", "/=", "%="}
)
_SIGNS = frozenset({"+", "-", "!", "not"})
# What ends an operand: a sign right behind one is an operator between two.
_OPERAND_ENDS = frozenset({"name", "number", "string", ")", "]", "}"}) | _CONSTANTS


@dataclass(frozen=True, kw_only=True, slots=True)
class Fragment:
    """A piece of an expression, or of a type in words.

    `hint` is the label of what a name stands for. A called helper of the same file has its name in `helper`,
    a called Blueprint its call identifier in `blueprint`, a type of the project its name in `type_name`.
    """

    text: str
    kind: FragmentKind = "plain"
    hint: str = ""
    helper: str = ""
    blueprint: str = ""
    type_name: str = ""


Fragments = tuple[Fragment, ...]
_SPACE = Fragment(text=" ")
# What a token has explained beside what its own name has.
_SAID_OF = {
    "is": frozenset({"is"}),
    "===": frozenset({"is"}),
    "isnt": frozenset({"isnt"}),
    "!==": frozenset({"isnt"}),
    "true": frozenset({"true"}),
    "false": frozenset({"true"}),
    "string": frozenset({"string"}),
}
_NOTHING: frozenset[str] = frozenset()
# In a text of more characters than `_LONG`, the first list of more than `_LONG_LIST` has each of its elements
# on a line of its own.
_LONG = 80
_LONG_LIST = 40
_DURATION = re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?")


def plain_text(fragments: Fragments) -> str:
    """The text of an expression without its marks."""
    return "".join(fragment.text for fragment in fragments)


class ExpressionReader:
    """Turns expressions of one function into fragments, and remembers which signs and built-ins it met.

    Comments are left out, spaces and line breaks are put as usual; nothing else is changed but the spelling
    of operators (`&&` is shown as `and`, `<=` as ≤).

    Args:
        labels: what the names of the function stand for: name to label.
        helpers: the names of the helpers of the same file.
        built_ins: names that call neither a helper nor a Blueprint.
        met: the notation met so far; `%`, `?`, `[i]`, `round()`, `.push()` and the like are added.
    """

    def __init__(
        self,
        source: Source,
        *,
        labels: Mapping[str, str],
        helpers: frozenset[str],
        built_ins: frozenset[str],
        met: set[str],
    ) -> None:
        self._source = source
        self._labels = labels
        self._helpers = helpers
        self._built_ins = built_ins
        self._met = met

    def read(self, expression: ast.Expression) -> Fragments:
        """The fragments of an expression."""
        return self.read_between(expression.start, expression.end)

    def read_between(self, start: int, end: int) -> Fragments:
        """The fragments of what stands between two offsets of the source."""
        tokens = tokenize(self._source, Findings(self._source), start, end)
        fragments: list[Fragment] = []
        questions: list[int] = [0]  # in each open bracket: how many `?` still wait for their `:`
        list_depth = -1  # how deep the list is whose elements stand below each other
        previous: Token | None = None
        is_sign = False  # whether `previous` is a sign before an operand
        for place, (token, following) in enumerate(pairwise(tokens)):
            kind = token.kind
            between = kind == ":" and questions[-1] > 0
            space = self._is_spaced(previous, is_sign, token, between)
            was_name = previous is not None and previous.kind in _OPERAND_ENDS
            is_sign = kind in _SIGNS and not was_name
            is_in_list = list_depth == len(questions)
            if kind in ("(", "[", "{"):
                questions.append(0)
                if kind == "[" and not was_name and list_depth < 0 and end - start > _LONG:
                    inside = _inside(tokens, place)
                    if sum(len(inner.text) for inner in inside) > _LONG_LIST:
                        list_depth = len(questions)
                elif kind == "(" and _is_extreme(tokens[max(0, place - 2) : place]):
                    commas = _commas(_inside(tokens, place))
                    self._met.add(tokens[place - 1].text + ("(,)" if commas else "()"))
            elif kind in (")", "]", "}") and len(questions) > 1:
                questions.pop()
            elif kind == "?":
                questions[-1] += 1
            elif between:
                questions[-1] -= 1
            if kind in ("%", "?", "==", "!=", "null", "absent") or (kind in _BINARY and kind.endswith("=")):
                self._met.add(kind)
            elif kind == "[" and was_name:
                self._met.add("[i]")
            elif kind == "+" and previous is not None and "string" in (previous.kind, following.kind):
                self._met.add("+")
            elif kind == "string" and _DURATION.fullmatch(token.text[1:-1]):
                self._met.add("duration")
            self._met |= _SAID_OF.get(kind, _NOTHING)
            fragment = self._fragment(token, previous, following)
            if is_in_list and kind == "]":
                list_depth = 0
                _append(fragments, Fragment(text="\n"))
            elif is_in_list and previous is not None and previous.kind == ",":
                _append(fragments, Fragment(text="\n  "))
            elif space:
                _append(fragments, _SPACE)
            _append(fragments, fragment)
            if kind == "[" and list_depth == len(questions):
                _append(fragments, Fragment(text="\n  "))
            previous = token
        return tuple(fragments)

    def _is_spaced(self, previous: Token | None, is_sign: bool, token: Token, between: bool) -> bool:
        """Whether a space stands before `token`."""
        if previous is None or token.kind in (")", "]", "}", ",", ".", ";"):
            return False
        if previous.kind in ("(", "[", "{", "."):
            return False
        if token.kind == ":":
            return between
        if token.kind in ("(", "[") and previous.kind in _OPERAND_ENDS:
            return False
        return not is_sign or previous.kind in ("!", "not")

    def _fragment(self, token: Token, previous: Token | None, following: Token) -> Fragment:
        kind = token.kind
        text = _READABLE.get(token.text, token.text)
        if kind == "name":
            return self._name(token, previous, following)
        if kind == "string":
            return Fragment(text=text, kind="string")
        if kind == "number" or kind in _CONSTANTS:
            return Fragment(text=text, kind="constant")
        return Fragment(text=text, kind="word" if text in _WORDS else "plain")

    def _name(self, token: Token, previous: Token | None, following: Token) -> Fragment:
        name = token.text
        is_called = following.kind == "("
        if previous is not None and previous.kind == ".":
            if is_called or name == "length":
                self._met.add(f".{name}")
            return Fragment(text=name, kind="plain" if is_called else "name")
        if is_called:
            if name in self._helpers:
                return Fragment(text=name, helper=name)
            if name not in self._built_ins:
                return Fragment(text=name, blueprint=name)
            if name not in ("min", "max"):
                self._met.add(f"{name}()")
            return Fragment(text=name)
        if following.kind == ":" and (previous is None or previous.kind in ("(", "{", ",")):
            # The name of an argument or of a field.
            return Fragment(text=name)
        if name == "Math":
            return Fragment(text=name)
        return Fragment(text=name, kind="name", hint=self._labels.get(name, ""))


def _inside(tokens: Sequence[Token], opening: int) -> Sequence[Token]:
    """The tokens between a bracket and the one that closes it."""
    depth = 0
    for place in range(opening, len(tokens)):
        depth += tokens[place].kind in ("(", "[", "{")
        depth -= tokens[place].kind in (")", "]", "}")
        if not depth:
            return tokens[opening + 1 : place]
    return tokens[opening + 1 :]


def _is_extreme(before: Sequence[Token]) -> bool:
    """Whether the two tokens before a bracket make it a call of `min` or `max`, not of those of `Math`."""
    return bool(before) and before[-1].text in ("min", "max") and before[0].kind != "."


def _commas(tokens: Sequence[Token]) -> int:
    """How many commas are outside of all brackets."""
    depth = count = 0
    for token in tokens:
        depth += token.kind in ("(", "[", "{")
        depth -= token.kind in (")", "]", "}")
        count += token.kind == "," and not depth
    return count


def _append(fragments: list[Fragment], fragment: Fragment) -> None:
    """Add a fragment; plain ones that follow each other become one."""
    last = fragments[-1] if fragments else None
    if last is not None and _is_plain(last) and _is_plain(fragment):
        fragments[-1] = Fragment(text=last.text + fragment.text)
    else:
        fragments.append(fragment)


def _is_plain(fragment: Fragment) -> bool:
    return fragment.kind == "plain" and not fragment.helper and not fragment.blueprint
