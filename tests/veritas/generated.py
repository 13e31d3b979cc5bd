"""Random expressions and short programs that mean the same in Veritas and in JavaScript.

What the reference wants otherwise than JavaScript has it is not generated:

- `replace` takes plain text, so no replacement has a `$`.
- Assigning a property that is not there, an element before a list's beginning, an element of a text and the
  length of a list are run errors; JavaScript does all of them or ignores them.
- Elements behind the end of a list are absent, where JavaScript has holes, which `indexOf` steps over. Only
  the very next one is ever assigned.
- The initialiser of a local runs once per call, so locals are declared at the top, outside of loops.
- `for (var x in list)` goes through the elements; its JavaScript is a loop over the positions.
- `list.slice` and the like exist as values in JavaScript; only names that no prototype has are read.
- A list inside itself cannot become text; what is stored in lists and objects is a number, a text or a truth
  value.

And where ES5 leaves JavaScript free, or Node has gone beyond ES5:

- `Math.pow` is an approximation that differs in the last bit from machine to machine; its arguments are small
  whole numbers, or such that the result is special.
- Texts such as `0b11` and `0o17` are numbers since ES6. They are not among the texts.
- Letters outside the Basic Multilingual Plane have cases since ES6; ES5 counts code units.
- `u180e` was white space for ES5, which follows Unicode as it grows; it is not at the ends of texts.
"""

import json
import struct
from dataclasses import dataclass
from random import Random

# The words that are written otherwise in JavaScript.
_WORDS = {"and": "&&", "or": "||", "not": "!", "is": "===", "isnt": "!=="}

PARAMETERS = (
    "n: number, m: number, p: percent, s: _text, t: _text, b: boolean, "
    "ln: list of number, ls: list of _text, o: any single, lo: any multiple"
)
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One program twice, and the inputs it is to be run with, by the names of PARAMETERS."""

    veritas: str
    javascript: str
    inputs: dict[str, object]


class Generator:
    """Makes programs; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        # Locals that can be read and assigned where the next expression stands.
        self._locals: tuple[str, ...] = ()

    def expression_program(self) -> Program:
        self._locals = ()
        tokens = self.expression(self._random.choice((1, 2, 2, 3)))
        return self._program([f"out = {_veritas(tokens)};"], [f"out = {_javascript(tokens)};"])

    def statement_program(self) -> Program:
        self._locals = ()
        veritas, javascript = ["var c0: number, c1: number;"], ["var c0, c1;"]
        for position, name in enumerate(LOCALS):
            value = self.expression(self._random.choice((0, 1, 1, 2)))
            declared = self._random.choice(("any", "any", "number", "_text"))
            veritas.append(f"var {name}: {declared} = {_veritas(value)};")
            javascript.append(f"var {name} = {_javascript(value)};")
            self._locals = LOCALS[: position + 1]
        for _ in range(self._random.randint(1, 5)):
            first, second = self._statement(2, in_loop=False, may_grow=True)
            veritas += first
            javascript += second
        names = [*LOCALS, "ln", "o"] if self._random.random() < 0.3 else LOCALS
        result = ["[", ",".join(names), "]"]
        return self._program(
            [*veritas, f"out = {_veritas(result)};"], [*javascript, f"out = {_javascript(result)};"]
        )

    def _program(self, veritas: list[str], javascript: list[str]) -> Program:
        body = "\n".join(veritas)
        return Program(
            veritas=f"function f({PARAMETERS}) -> out: number {{\n{body}\n}}",
            # An arrow function of its own, for `return`.
            javascript="var out; (() => {\n" + "\n".join(javascript) + "\n})(); return out;",
            inputs=self._inputs(),
        )

    # Inputs

    def _number(self) -> float:
        choice = self._random.random()
        if choice < 0.4:
            return float(self._random.choice(NUMBERS)) * self._random.choice((1, 1, -1))
        if choice < 0.6:
            return float(self._random.randint(-20, 20))
        if choice < 0.8:
            return self._random.randint(-100_000, 100_000) / self._random.choice((8, 10, 100, 1000))
        while True:
            value: float = struct.unpack("<d", self._random.randbytes(8))[0]
            if value - value == 0:
                return value

    def _finite(self) -> float:
        while True:
            value = self._number()
            if value - value == 0:
                return value

    def _any_json(self, depth: int = 0) -> object:
        choice = self._random.randrange(8 if depth < 2 else 5)
        if choice < 2:
            return self._finite()
        if choice == 2:
            return self._random.choice(TEXTS)
        if choice == 3:
            return self._random.choice((True, False))
        if choice == 4:
            return None
        if choice < 7:
            return [self._any_json(depth + 1) for _ in range(self._random.randrange(4))]
        return {name: self._any_json(depth + 1) for name in "xy"[: self._random.randrange(3)]}

    def _inputs(self) -> dict[str, object]:
        pick = self._random
        return {
            "n": self._finite(),
            "m": self._finite(),
            "p": pick.choice((0.0, 0.07, 0.19, 0.5, 1.0, -0.25)),
            "s": pick.choice(TEXTS),
            "t": pick.choice(TEXTS),
            "b": pick.random() < 0.5,
            "ln": [self._finite() for _ in range(pick.randrange(1, 5))],
            "ls": [pick.choice(TEXTS) for _ in range(pick.randrange(1, 5))],
            "o": {name: self._any_json() for name in "abc"},
            "lo": [{name: self._any_json(1) for name in "ab"} for _ in range(pick.randrange(3))],
        }

    # Expressions

    def expression(self, depth: int) -> Tokens:
        """An expression that may have any value."""
        if depth <= 0:
            return self._atom()
        kind = self._random.randrange(16)
        if kind < 4:
            return self._chain(depth)
        if kind < 6:
            return self.number(depth)
        if kind < 8:
            return self.text(depth)
        if kind == 8:
            return self._operand(depth - 1, *self._random.sample(_PREFIXES, self._random.randint(1, 2)))
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
        kind = self._random.randrange(5)
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
        if depth > 0 and self._random.random() < 0.5:
            return self._closed(depth, *prefixes)
        return [*prefixes, *self._atom()]

    def _chain(self, depth: int) -> Tokens:
        """Operands with any operators between them and no parentheses, so that precedence decides."""
        tokens = self._operand(depth - 1, *self._maybe_prefix())
        for _ in range(self._random.choice((1, 1, 2, 3, 4))):
            operators = self._random.choice((_ARITHMETIC, _ARITHMETIC, _COMPARISONS, _LOGICAL))
            tokens += [self._random.choice(operators), *self._operand(depth - 1, *self._maybe_prefix())]
        if self._random.random() < 0.1:
            tokens += ["?", *self._atom(), ":", *self._chain(depth - 1)] if depth > 1 else []
        return ["(", *tokens, ")"] if self._random.random() < 0.3 else tokens

    def _maybe_prefix(self) -> tuple[str, ...]:
        return (self._random.choice(_PREFIXES),) if self._random.random() < 0.15 else ()

    def _atom(self) -> Tokens:
        kind = self._random.randrange(14)
        if kind < 3:
            return [self._random.choice(NUMBERS)]
        if kind < 5:
            return [_quoted(self._random.choice(TEXTS))]
        if kind == 5:
            return [self._random.choice(("true", "false", "null", "absent"))]
        if kind < 8 and self._locals:
            return [self._random.choice(self._locals)]
        if kind < 11:
            return [self._random.choice(NAMES)]
        if kind == 11:
            return ["o", ".", self._random.choice(("a", "b", "c", "zz"))]
        if kind == 12:
            return self._random.choice(
                (["[", "]"], ["(", "{", "}", ")"], ["[", "null", "]"], ["[", "[", "5", "]", "]"])
            )
        return ["(", self._random.choice(("0 / 0", "1 / 0", "-1 / 0", "0 * -1", "-0")), ")"]

    def _list(self, depth: int) -> Tokens:
        tokens: Tokens = []
        for _ in range(self._random.randrange(4)):
            tokens += [*self.expression(depth - 1), ","]
        return ["[", *tokens[:-1], "]"]

    def _read(self, depth: int) -> Tokens:
        target = self._random.choice(
            (["o"], ["ln"], ["ls"], ["s"], ["lo"], [*self._closed(depth)], ["o", ".", "a"])
        )
        kind = self._random.randrange(5)
        if kind == 0:
            return [*target, ".", "length"]
        if kind == 1:
            return [*target, ".", self._random.choice("abxy")]
        if kind == 2:
            return [
                *target,
                "[",
                self._random.choice(('"length"', '"a"', '"0"', '"01"', '"1.0"', "-1", "1.5")),
                "]",
            ]
        if kind == 3:
            return [
                *target,
                "[",
                self._random.choice(("0", "1", "2", "n", "null", "[0]", "true", "1e9")),
                "]",
            ]
        return [*target, "[", *self.scalar(depth - 1), "]"]

    def _truth(self, depth: int) -> Tokens:
        kind = self._random.randrange(4)
        if kind == 0:
            return self._closed(depth, "!")
        if kind == 1:
            return ["contains", "(", self._list_name(), ",", *self.expression(depth - 1), ")"]
        sides = (self.expression(depth - 1), self.expression(depth - 1))
        return ["(", *sides[0], ")", self._random.choice(_COMPARISONS), "(", *sides[1], ")"]

    def number(self, depth: int) -> Tokens:
        """Of a number, most of the time from numbers."""
        if depth <= 0:
            return [self._random.choice((*NUMBERS, "n", "m", "p", "n", "m"))]
        inner = self.number if self._random.random() < 0.7 else self.expression
        kind = self._random.randrange(7)
        if kind < 3:
            tokens: Tokens = ["(", *inner(depth - 1), ")"]
            for _ in range(self._random.randint(1, 3)):
                tokens += [self._random.choice("+-*/%"), "(", *inner(depth - 1), ")"]
            return tokens
        if kind == 3:
            return [
                "Math",
                ".",
                self._random.choice(("round", "floor", "ceil", "abs", "sqrt")),
                "(",
                *inner(depth - 1),
                ")",
            ]
        if kind == 4:
            arguments: Tokens = []
            for _ in range(self._random.randrange(4)):
                arguments += [*inner(depth - 1), ","]
            return ["Math", ".", self._random.choice(("min", "max")), "(", *arguments[:-1], ")"]
        if kind == 5:
            small = ("0", "1", "2", "3", "-1", "-2", "-0", "1 / 0", "-1 / 0", "0 / 0", "n * 0", "true", "'3'")
            pair = [self._random.choice(small), self._random.choice(small)]
            return ["Math", ".", "pow", "(", pair[0], ",", pair[1], ")"]
        return self._random.choice(
            (
                ["sum", "(", "ln", ")"],
                ["s", ".", "length"],
                ["ls", ".", "length"],
                ["ln", "[", self._random.choice("0123"), "]"],
                [self._random.choice(("ln", "ls")), ".", "indexOf", "(", *self.expression(depth - 1), ")"],
                ["s", ".", "indexOf", "(", *self.text(depth - 1), ",", *self._place(depth), ")"],
                ["(", "-", *self.number(0), ")"],
            )
        )

    def _place(self, depth: int) -> Tokens:
        """A position or a count, now and then an odd one."""
        if self._random.random() < 0.2:
            return self.expression(depth - 1)
        return [
            self._random.choice(
                ("0", "1", "2", "3", "-1", "-2", "1.9", "1e10", "-1e10", "n", "absent", "null")
            )
        ]

    def text(self, depth: int) -> Tokens:
        """Of a text, most of the time from texts."""
        if depth <= 0:
            return [self._random.choice(("s", "t", _quoted(self._random.choice(TEXTS))))]
        kind = self._random.randrange(10)
        target = ["(", *(self.text if self._random.random() < 0.9 else self.expression)(depth - 1), ")"]
        if kind == 0:
            return ["(", *self.number(depth - 1), ")", ".", "toFixed", "(", self._decimals(), ")"]
        if kind == 1:
            return [*self._closed(depth), "+", '""']
        if kind == 2:
            return [*target, ".", self._random.choice(("toLowerCase", "toUpperCase", "trim")), "(", ")"]
        if kind in (3, 4):
            name = self._random.choice(("slice", "substring"))
            more = [",", *self._place(depth)] if self._random.random() < 0.7 else []
            return [*target, ".", name, "(", *self._place(depth), *more, ")"]
        if kind == 5:
            return [*target, ".", "charAt", "(", *self._place(depth), ")"]
        if kind == 6:
            pair = (self.expression(depth - 1), self.expression(depth - 1))
            return [*target, ".", "replace", "(", *pair[0], ",", *pair[1], ")"]
        if kind == 7:
            return [
                self._list_name(),
                ".",
                "join",
                "(",
                *(self.expression(0) if self._random.random() < 0.7 else []),
                ")",
            ]
        if kind == 8:
            return [
                *target,
                ".",
                "concat",
                "(",
                *self.expression(depth - 1),
                ",",
                *self.scalar(depth - 1),
                ")",
            ]
        return [*target, "+", *self._closed(depth)]

    def _decimals(self) -> str:
        return self._random.choice(
            ("", "0", "1", "2", "2", "3", "10", "20", "21", "100", "-1", "101", "1.9", "'2'", "null")
        )

    def _list_name(self) -> str:
        return self._random.choice(("ln", "ls", "lo"))

    def _list_method(self, depth: int) -> Tokens:
        target = self._random.choice(([self._list_name()], self._list(depth), self._closed(depth)))
        kind = self._random.randrange(8)
        if kind == 0:
            return [*target, ".", "slice", "(", *self._place(depth), ",", *self._place(depth), ")"]
        if kind == 1:
            more = [
                token for _ in range(self._random.randrange(3)) for token in (",", *self.scalar(depth - 1))
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
            order = self._random.choice(('"ascending"', '"descending"'))
            return ["sort", "(", self._random.choice(("ln", "ls")), ",", order, ")"]
        most = [",", *self._place(depth)] if self._random.random() < 0.3 else []
        return ["(", *self.text(depth - 1), ")", ".", "split", "(", *self.expression(0), *most, ")"]

    # Statements, in Veritas and in JavaScript

    def _statement(self, depth: int, *, in_loop: bool, may_grow: bool) -> tuple[list[str], list[str]]:
        kind = self._random.randrange(12 if depth > 0 else 6)
        if kind < 3:
            operator = self._random.choice(("=", "=", "+=", "-=", "*=", "/=", "%="))
            return _same([self._random.choice(LOCALS), operator, *self.expression(2), ";"])
        if kind == 3:
            target = self._random.choice(
                (["o", ".", "a"], ["o", "[", '"b"', "]"], ["ln", "[", "0", "]"], ["ls", "[", "0", "]"])
            )
            return _same([*target, self._random.choice(("=", "+=", "*=")), *self.scalar(2), ";"])
        if kind == 4 and may_grow:
            return _same([self._random.choice(("ln", "ls")), ".", "push", "(", *self.scalar(1), ")", ";"])
        if kind == 5 and may_grow:
            return _same([self._list_name(), ".", self._random.choice(("reverse", "pop")), "(", ")", ";"])
        if kind in (6, 7):
            return self._choose(depth, in_loop=in_loop, may_grow=may_grow)
        if kind == 8:
            return self._count(depth, may_grow=may_grow)
        if kind == 9:
            return self._through_list(depth)
        if kind == 10:
            return self._table()
        if kind == 11:
            first, second = self._block(depth, in_loop=in_loop, may_grow=may_grow)
            return ['section "Part" {', *first, "}"], ["{", *second, "}"]
        return _same(["v0", "=", *self.scalar(1), ";"])

    def _block(self, depth: int, *, in_loop: bool, may_grow: bool) -> tuple[list[str], list[str]]:
        veritas: list[str] = []
        javascript: list[str] = []
        for _ in range(self._random.randint(1, 2)):
            first, second = self._statement(depth - 1, in_loop=in_loop, may_grow=may_grow)
            veritas += first
            javascript += second
        ends = ("return;", "break;", "continue;") if in_loop else ("return;",)
        if self._random.random() < 0.1:
            end = self._random.choice(ends)
            veritas.append(end)
            javascript.append(end)
        return veritas, javascript

    def _choose(self, depth: int, *, in_loop: bool, may_grow: bool) -> tuple[list[str], list[str]]:
        veritas, javascript = ["choose {"], []
        for position in range(self._random.randint(1, 3)):
            condition = self.expression(2)
            first, second = self._block(depth, in_loop=in_loop, may_grow=may_grow)
            veritas += [f"if ({_veritas(condition)}) {{", *first, "}"]
            javascript += [f"{'else ' if position else ''}if ({_javascript(condition)}) {{", *second, "}"]
        if self._random.random() < 0.5:
            first, second = self._block(depth, in_loop=in_loop, may_grow=may_grow)
            veritas += ["else {", *first, "}"]
            javascript += ["else {", *second, "}"]
        return [*veritas, "}"], javascript

    def _count(self, depth: int, *, may_grow: bool) -> tuple[list[str], list[str]]:
        counter = f"c{depth - 1}"
        turns = self._random.randint(0, 3)
        # `continue` must not step over the counting of a while loop, so that stands first.
        first, second = self._block(depth, in_loop=True, may_grow=may_grow)
        if self._random.random() < 0.5:
            head = f"for ({counter} = 0; {counter} < {turns}; {counter} += 1) {{"
            return [head, *first, "}"], [head, *second, "}"]
        head, step = f"while ({counter} < {turns}) {{", f"{counter} += 1;"
        return (
            [f"{counter} = 0;", head, step, *first, "}"],
            [f"{counter} = 0;", head, step, *second, "}"],
        )

    def _through_list(self, depth: int) -> tuple[list[str], list[str]]:
        name, position, counter = self._list_name(), f"i{depth}", f"c{depth - 1}"
        first, second = self._block(depth, in_loop=True, may_grow=False)
        element = self._random.choice(LOCALS)
        # An expression of the body may make the list longer, so the turns are counted.
        return (
            [
                f"{counter} = 0;",
                f"for ({element} in {name}) {{",
                f"{counter} += 1;",
                f"choose {{ if ({counter} > 6) {{ break; }} }}",
                *first,
                "}",
            ],
            [
                f"{counter} = 0;",
                f"for (var {position} = 0; {position} < {name}.length; {position} += 1) {{",
                f"{element} = {name}[{position}];",
                f"{counter} += 1;",
                f"if ({counter} > 6) {{ break; }}",
                *second,
                "}",
            ],
        )

    def _table(self) -> tuple[list[str], list[str]]:
        veritas = ["decide first", "| s | n | -> v0 | -> v1 |", "| --- | --- | --- | --- |"]
        javascript: list[str] = []
        for position in range(self._random.randint(1, 3)):
            conditions = [
                self._random.choice(("any", "any", "s", _quoted(self._random.choice(TEXTS)))),
                self._random.choice(("any", "any", "n", self._random.choice(NUMBERS))),
            ]
            outputs = [self.scalar(1), self.scalar(1)]
            if any("||" in output for output in outputs):
                outputs = [["n"], ["s"]]
            cells = [*conditions, *(_veritas(output) for output in outputs)]
            veritas.append("| " + " | ".join(cells) + " |")
            tests = [
                f"{left} === {right}" for left, right in zip("sn", conditions, strict=True) if right != "any"
            ]
            javascript += [
                f"{'else ' if position else ''}if ({' && '.join(tests) or 'true'}) {{",
                f"v0 = {_javascript(outputs[0])};",
                f"v1 = {_javascript(outputs[1])};",
                "}",
            ]
        return veritas, javascript


def _quoted(text: str) -> str:
    return json.dumps(text)


def _veritas(tokens: Tokens) -> str:
    return " ".join(tokens)


def _javascript(tokens: Tokens) -> str:
    return " ".join(_WORDS.get(token, token) for token in tokens)


def _same(tokens: Tokens) -> tuple[list[str], list[str]]:
    return [_veritas(tokens)], [_javascript(tokens)]
