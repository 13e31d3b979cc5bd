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

import struct
from dataclasses import dataclass

from tests.veritas.generated_expressions import (
    LOCALS,
    NUMBERS,
    TEXTS,
    ExpressionGenerator,
    Tokens,
    in_javascript,
    in_veritas,
    quoted,
)

PARAMETERS = (
    "n: number, m: number, p: percent, s: _text, t: _text, b: boolean, "
    "ln: list of number, ls: list of _text, o: any single, lo: any multiple"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One program twice, and the inputs it is to be run with, by the names of PARAMETERS."""

    veritas: str
    javascript: str
    inputs: dict[str, object]


class Generator(ExpressionGenerator):
    """Makes programs; the same seed makes the same ones."""

    def expression_program(self) -> Program:
        self.locals = ()
        tokens = self.expression(self.random.choice((1, 2, 2, 3)))
        return self._program([f"out = {in_veritas(tokens)};"], [f"out = {in_javascript(tokens)};"])

    def statement_program(self) -> Program:
        self.locals = ()
        veritas, javascript = ["var c0: number, c1: number;"], ["var c0, c1;"]
        for position, name in enumerate(LOCALS):
            value = self.expression(self.random.choice((0, 1, 1, 2)))
            declared = self.random.choice(("any", "any", "number", "_text"))
            veritas.append(f"var {name}: {declared} = {in_veritas(value)};")
            javascript.append(f"var {name} = {in_javascript(value)};")
            self.locals = LOCALS[: position + 1]
        for _ in range(self.random.randint(1, 5)):
            first, second = self._statement(2, in_loop=False, may_grow=True)
            veritas += first
            javascript += second
        names = [*LOCALS, "ln", "o"] if self.random.random() < 0.3 else LOCALS
        result = ["[", ",".join(names), "]"]
        return self._program(
            [*veritas, f"out = {in_veritas(result)};"], [*javascript, f"out = {in_javascript(result)};"]
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
        choice = self.random.random()
        if choice < 0.4:
            return float(self.random.choice(NUMBERS)) * self.random.choice((1, 1, -1))
        if choice < 0.6:
            return float(self.random.randint(-20, 20))
        if choice < 0.8:
            return self.random.randint(-100_000, 100_000) / self.random.choice((8, 10, 100, 1000))
        while True:
            value: float = struct.unpack("<d", self.random.randbytes(8))[0]
            if value - value == 0:
                return value

    def _finite(self) -> float:
        while True:
            value = self._number()
            if value - value == 0:
                return value

    def _any_json(self, depth: int = 0) -> object:
        choice = self.random.randrange(8 if depth < 2 else 5)
        if choice < 2:
            return self._finite()
        if choice == 2:
            return self.random.choice(TEXTS)
        if choice == 3:
            return self.random.choice((True, False))
        if choice == 4:
            return None
        if choice < 7:
            return [self._any_json(depth + 1) for _ in range(self.random.randrange(4))]
        return {name: self._any_json(depth + 1) for name in "xy"[: self.random.randrange(3)]}

    def _inputs(self) -> dict[str, object]:
        pick = self.random
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

    # Statements, in Veritas and in JavaScript

    def _statement(self, depth: int, *, in_loop: bool, may_grow: bool) -> tuple[list[str], list[str]]:
        kind = self.random.randrange(12 if depth > 0 else 6)
        if kind < 3:
            operator = self.random.choice(("=", "=", "+=", "-=", "*=", "/=", "%="))
            return _same([self.random.choice(LOCALS), operator, *self.expression(2), ";"])
        if kind == 3:
            target = self.random.choice(
                (["o", ".", "a"], ["o", "[", '"b"', "]"], ["ln", "[", "0", "]"], ["ls", "[", "0", "]"])
            )
            return _same([*target, self.random.choice(("=", "+=", "*=")), *self.scalar(2), ";"])
        if kind == 4 and may_grow:
            return _same([self.random.choice(("ln", "ls")), ".", "push", "(", *self.scalar(1), ")", ";"])
        if kind == 5 and may_grow:
            return _same([self.list_name(), ".", self.random.choice(("reverse", "pop")), "(", ")", ";"])
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
        for _ in range(self.random.randint(1, 2)):
            first, second = self._statement(depth - 1, in_loop=in_loop, may_grow=may_grow)
            veritas += first
            javascript += second
        ends = ("return;", "break;", "continue;") if in_loop else ("return;",)
        if self.random.random() < 0.1:
            end = self.random.choice(ends)
            veritas.append(end)
            javascript.append(end)
        return veritas, javascript

    def _choose(self, depth: int, *, in_loop: bool, may_grow: bool) -> tuple[list[str], list[str]]:
        veritas, javascript = ["choose {"], []
        for position in range(self.random.randint(1, 3)):
            condition = self.expression(2)
            first, second = self._block(depth, in_loop=in_loop, may_grow=may_grow)
            veritas += [f"if ({in_veritas(condition)}) {{", *first, "}"]
            javascript += [f"{'else ' if position else ''}if ({in_javascript(condition)}) {{", *second, "}"]
        if self.random.random() < 0.5:
            first, second = self._block(depth, in_loop=in_loop, may_grow=may_grow)
            veritas += ["else {", *first, "}"]
            javascript += ["else {", *second, "}"]
        return [*veritas, "}"], javascript

    def _count(self, depth: int, *, may_grow: bool) -> tuple[list[str], list[str]]:
        counter = f"c{depth - 1}"
        turns = self.random.randint(0, 3)
        # `continue` must not step over the counting of a while loop, so that stands first.
        first, second = self._block(depth, in_loop=True, may_grow=may_grow)
        if self.random.random() < 0.5:
            head = f"for ({counter} = 0; {counter} < {turns}; {counter} += 1) {{"
            return [head, *first, "}"], [head, *second, "}"]
        head, step = f"while ({counter} < {turns}) {{", f"{counter} += 1;"
        return (
            [f"{counter} = 0;", head, step, *first, "}"],
            [f"{counter} = 0;", head, step, *second, "}"],
        )

    def _through_list(self, depth: int) -> tuple[list[str], list[str]]:
        name, position, counter = self.list_name(), f"i{depth}", f"c{depth - 1}"
        first, second = self._block(depth, in_loop=True, may_grow=False)
        element = self.random.choice(LOCALS)
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
        for position in range(self.random.randint(1, 3)):
            conditions = [
                self.random.choice(("any", "any", "s", quoted(self.random.choice(TEXTS)))),
                self.random.choice(("any", "any", "n", self.random.choice(NUMBERS))),
            ]
            outputs = [self.scalar(1), self.scalar(1)]
            if any("||" in output for output in outputs):
                outputs = [["n"], ["s"]]
            cells = [*conditions, *(in_veritas(output) for output in outputs)]
            veritas.append("| " + " | ".join(cells) + " |")
            tests = [
                f"{left} === {right}" for left, right in zip("sn", conditions, strict=True) if right != "any"
            ]
            javascript += [
                f"{'else ' if position else ''}if ({' && '.join(tests) or 'true'}) {{",
                f"v0 = {in_javascript(outputs[0])};",
                f"v1 = {in_javascript(outputs[1])};",
                "}",
            ]
        return veritas, javascript


def _same(tokens: Tokens) -> tuple[list[str], list[str]]:
    return [in_veritas(tokens)], [in_javascript(tokens)]
