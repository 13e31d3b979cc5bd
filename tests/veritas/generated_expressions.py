"""Random expressions, as tokens that Veritas and JavaScript have in common but for a few words."""

import json
from random import Random

# The words that are written otherwise in JavaScript.
_WORDS = {"and": "&&", "or": "||", "not": "!", "is": "===", "isnt": "!=="}

NAMES = ("n", "m", "p", "s", "t", "b", "ln", "ls", "o", "lo")
LOCALS = ("v0", "v1", "v2", "v3")

_NUMBERS = """
0 1 2 3 5 7 10 12 100 255 1000 0.5 1.5 2.5 3.5 0.1 0.2 0.3 1.005 1.45 8.345 2.675 19.99 0.045 1.115 123456.789
3.14159 99.995 .5 5. 1E3 1e+3 0.1e-5 65.43e2 0.49999999999999994 0.000001 0.0000001 1e-7 1.25e-7 1e-10 5e-324
2.2250738585072014e-308 1e15 1e16 1e20 123456789012345680000 1e21 1.5e21 1e22 1e300 1.7976931348623157e308
1e309 2147483648 4294967295 4294967296 9007199254740991 9007199254740992 9007199254740993 4503599627370495.5
4503599627370497.5
"""
NUMBERS = tuple(_NUMBERS.split())

TEXTS = (
    "",
    " ",
    "a",
    "abc",
    "B",
    "b",
    "10",
    "9",
    "1.50",
    " 42 ",
    "1e3",
    "-7",
    "+5",
    "- 5",
    ".5",
    "5.",
    ".",
    "1e",
    "0x1F",
    "-0x1F",
    "0x",
    "Infinity",
    "-Infinity",
    "infinity",
    "NaN",
    "true",
    "null",
    "undefined",
    "1,2",
    "a,b,,c",
    "\u00a07\ufeff",
    "\n\t3\u2003",
    "\u200b1",
    "äÖß",
    "ΑΣ ΣΑ",
    "İıſ",
    "ﬁn",
    "a😀b",
    "\ud83d",
    "1_000",
    "1e400",
    "1e-400",
    "00012",
    "12px",
    "aXbXcX",
    "  x y ",
    "[object Object]",
    "length",
    "\u2028\u2029",
    "~",
    "９",
)

_ARITHMETIC = ("+", "+", "+", "-", "*", "/", "%")
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=", "===", "!==", "is", "isnt")
_LOGICAL = ("&&", "||", "and", "or")
_PREFIXES = ("-", "+", "!", "not")
Tokens = list[str]


class ExpressionGenerator:
    """Makes expressions over NAMES, the same from the same seed; generated.py says what it leaves out."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        # Locals that can be read and assigned where the next expression stands.
        self.locals: tuple[str, ...] = ()

    def expression(self, depth: int) -> Tokens:
        """An expression that may have any value."""
        if depth <= 0:
            return self._atom()
        kind = self.random.randrange(16)
        if kind < 4:
            return self._chain(depth)
        if kind < 6:
            return self.number(depth)
        if kind < 8:
            return self.text(depth)
        if kind == 8:
            return self._operand(depth - 1, *self.random.sample(_PREFIXES, self.random.randint(1, 2)))
        if kind == 9:
            parts = [self.expression(depth - 1) for _ in range(3)]
            return ["(", *parts[0], "?", *parts[1], ":", *parts[2], ")"]
        if kind == 10:
            return self._read(depth)
        if kind == 11:
            return self._list(depth)
        if kind == 12:
            return [
                "(",
                "{",
                "a",
                ":",
                *self.expression(depth - 1),
                ",",
                '"b c"',
                ":",
                *self.scalar(1),
                "}",
                ")",
            ]
        if kind == 13:
            return ["if_absent", "(", *self.expression(depth - 1), ",", *self.expression(depth - 1), ")"]
        if kind == 14:
            return self._truth(depth)
        return self._list_method(depth)

    def scalar(self, depth: int) -> Tokens:
        """A number, a text or a truth value."""
        kind = self.random.randrange(5)
        if kind == 0:
            return ["+", *self._closed(depth)]
        if kind == 1:
            return ['""', "+", *self._closed(depth)]
        if kind == 2:
            return self._truth(depth)
        return self.number(depth) if kind == 3 else self.text(depth)

    def _closed(self, depth: int, *prefixes: str) -> Tokens:
        return [*prefixes, "(", *self.expression(depth - 1), ")"]

    def _operand(self, depth: int, *prefixes: str) -> Tokens:
        if depth > 0 and self.random.random() < 0.5:
            return self._closed(depth, *prefixes)
        return [*prefixes, *self._atom()]

    def _chain(self, depth: int) -> Tokens:
        """Operands with any operators between them and no parentheses, so that precedence decides."""
        tokens = self._operand(depth - 1, *self._maybe_prefix())
        for _ in range(self.random.choice((1, 1, 2, 3, 4))):
            operators = self.random.choice((_ARITHMETIC, _ARITHMETIC, _COMPARISONS, _LOGICAL))
            tokens += [self.random.choice(operators), *self._operand(depth - 1, *self._maybe_prefix())]
        if self.random.random() < 0.1:
            tokens += ["?", *self._atom(), ":", *self._chain(depth - 1)] if depth > 1 else []
        return ["(", *tokens, ")"] if self.random.random() < 0.3 else tokens

    def _maybe_prefix(self) -> tuple[str, ...]:
        return (self.random.choice(_PREFIXES),) if self.random.random() < 0.15 else ()

    def _atom(self) -> Tokens:
        kind = self.random.randrange(14)
        if kind < 3:
            return [self.random.choice(NUMBERS)]
        if kind < 5:
            return [quoted(self.random.choice(TEXTS))]
        if kind == 5:
            return [self.random.choice(("true", "false", "null", "absent"))]
        if kind < 8 and self.locals:
            return [self.random.choice(self.locals)]
        if kind < 11:
            return [self.random.choice(NAMES)]
        if kind == 11:
            return ["o", ".", self.random.choice(("a", "b", "c", "zz"))]
        if kind == 12:
            return self.random.choice(
                (["[", "]"], ["(", "{", "}", ")"], ["[", "null", "]"], ["[", "[", "5", "]", "]"])
            )
        return ["(", self.random.choice(("0 / 0", "1 / 0", "-1 / 0", "0 * -1", "-0")), ")"]

    def _list(self, depth: int) -> Tokens:
        tokens: Tokens = []
        for _ in range(self.random.randrange(4)):
            tokens += [*self.expression(depth - 1), ","]
        return ["[", *tokens[:-1], "]"]

    def _read(self, depth: int) -> Tokens:
        target = self.random.choice(
            (["o"], ["ln"], ["ls"], ["s"], ["lo"], [*self._closed(depth)], ["o", ".", "a"])
        )
        kind = self.random.randrange(5)
        if kind == 0:
            return [*target, ".", "length"]
        if kind == 1:
            return [*target, ".", self.random.choice("abxy")]
        if kind == 2:
            return [
                *target,
                "[",
                self.random.choice(('"length"', '"a"', '"0"', '"01"', '"1.0"', "-1", "1.5")),
                "]",
            ]
        if kind == 3:
            return [
                *target,
                "[",
                self.random.choice(("0", "1", "2", "n", "null", "[0]", "true", "1e9")),
                "]",
            ]
        return [*target, "[", *self.scalar(depth - 1), "]"]

    def _truth(self, depth: int) -> Tokens:
        kind = self.random.randrange(4)
        if kind == 0:
            return self._closed(depth, "!")
        if kind == 1:
            return ["contains", "(", self.list_name(), ",", *self.expression(depth - 1), ")"]
        sides = (self.expression(depth - 1), self.expression(depth - 1))
        return ["(", *sides[0], ")", self.random.choice(_COMPARISONS), "(", *sides[1], ")"]

    def number(self, depth: int) -> Tokens:
        """Of a number, most of the time from numbers."""
        if depth <= 0:
            return [self.random.choice((*NUMBERS, "n", "m", "p", "n", "m"))]
        inner = self.number if self.random.random() < 0.7 else self.expression
        kind = self.random.randrange(7)
        if kind < 3:
            tokens: Tokens = ["(", *inner(depth - 1), ")"]
            for _ in range(self.random.randint(1, 3)):
                tokens += [self.random.choice("+-*/%"), "(", *inner(depth - 1), ")"]
            return tokens
        if kind == 3:
            return [
                "Math",
                ".",
                self.random.choice(("round", "floor", "ceil", "abs", "sqrt")),
                "(",
                *inner(depth - 1),
                ")",
            ]
        if kind == 4:
            arguments: Tokens = []
            for _ in range(self.random.randrange(4)):
                arguments += [*inner(depth - 1), ","]
            return ["Math", ".", self.random.choice(("min", "max")), "(", *arguments[:-1], ")"]
        if kind == 5:
            small = ("0", "1", "2", "3", "-1", "-2", "-0", "1 / 0", "-1 / 0", "0 / 0", "n * 0", "true", "'3'")
            pair = [self.random.choice(small), self.random.choice(small)]
            return ["Math", ".", "pow", "(", pair[0], ",", pair[1], ")"]
        return self.random.choice(
            (
                ["sum", "(", "ln", ")"],
                ["s", ".", "length"],
                ["ls", ".", "length"],
                ["ln", "[", self.random.choice("0123"), "]"],
                [self.random.choice(("ln", "ls")), ".", "indexOf", "(", *self.expression(depth - 1), ")"],
                ["s", ".", "indexOf", "(", *self.text(depth - 1), ",", *self._place(depth), ")"],
                ["(", "-", *self.number(0), ")"],
            )
        )

    def _place(self, depth: int) -> Tokens:
        """A position or a count, now and then an odd one."""
        if self.random.random() < 0.2:
            return self.expression(depth - 1)
        return [
            self.random.choice(
                ("0", "1", "2", "3", "-1", "-2", "1.9", "1e10", "-1e10", "n", "absent", "null")
            )
        ]

    def text(self, depth: int) -> Tokens:
        """Of a text, most of the time from texts."""
        if depth <= 0:
            return [self.random.choice(("s", "t", quoted(self.random.choice(TEXTS))))]
        kind = self.random.randrange(9)
        target = ["(", *(self.text if self.random.random() < 0.9 else self.expression)(depth - 1), ")"]
        if kind == 0:
            return ["(", *self.number(depth - 1), ")", ".", "toFixed", "(", self._decimals(), ")"]
        if kind == 1:
            return [*self._closed(depth), "+", '""']
        if kind == 2:
            return [*target, ".", self.random.choice(("toLowerCase", "toUpperCase", "trim")), "(", ")"]
        if kind in (3, 4):
            name = self.random.choice(("slice", "substring"))
            more = [",", *self._place(depth)] if self.random.random() < 0.7 else []
            return [*target, ".", name, "(", *self._place(depth), *more, ")"]
        if kind == 5:
            return [*target, ".", "charAt", "(", *self._place(depth), ")"]
        if kind == 6:
            pair = (self.expression(depth - 1), self.expression(depth - 1))
            return [*target, ".", "replace", "(", *pair[0], ",", *pair[1], ")"]
        if kind == 7:
            return [
                self.list_name(),
                ".",
                "join",
                "(",
                *(self.expression(0) if self.random.random() < 0.7 else []),
                ")",
            ]
        return [*target, "+", *self._closed(depth)]

    def _decimals(self) -> str:
        return self.random.choice(
            ("", "0", "1", "2", "2", "3", "10", "20", "21", "100", "-1", "101", "1.9", "'2'", "null")
        )

    def list_name(self) -> str:
        return self.random.choice(("ln", "ls", "lo"))

    def _list_method(self, depth: int) -> Tokens:
        target = self.random.choice(([self.list_name()], self._list(depth), self._closed(depth)))
        kind = self.random.randrange(8)
        if kind == 0:
            return [*target, ".", "slice", "(", *self._place(depth), ",", *self._place(depth), ")"]
        if kind == 1:
            more = [
                token for _ in range(self.random.randrange(3)) for token in (",", *self.scalar(depth - 1))
            ]
            return [*target, ".", "splice", "(", *self._place(depth), ",", *self._place(depth), *more, ")"]
        if kind == 2:
            return [*target, ".", "splice", "(", *self._place(depth), ")"]
        if kind == 3:
            return [
                *target,
                ".",
                "concat",
                "(",
                *self.expression(depth - 1),
                ",",
                *self.expression(depth - 1),
                ")",
            ]
        if kind == 4:
            return [*target, ".", "pop", "(", ")"]
        if kind == 5:
            return [*target, ".", "reverse", "(", ")"]
        if kind == 6:
            order = self.random.choice(('"ascending"', '"descending"'))
            return ["sort", "(", self.random.choice(("ln", "ls")), ",", order, ")"]
        most = [",", *self._place(depth)] if self.random.random() < 0.3 else []
        return ["(", *self.text(depth - 1), ")", ".", "split", "(", *self.expression(0), *most, ")"]


def quoted(text: str) -> str:
    return json.dumps(text)


def in_veritas(tokens: Tokens) -> str:
    return " ".join(tokens)


def in_javascript(tokens: Tokens) -> str:
    return " ".join(_WORDS.get(token, token) for token in tokens)
