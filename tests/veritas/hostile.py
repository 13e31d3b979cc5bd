"""Programs made at random from everything that the language has, with the values that hurt."""

import random

from leapter.veritas.builtins import FUNCTIONS, MATH, METHODS, Builtin

# Expressions for values that other implementations have stumbled over.
VALUES = [
    "0",
    "-0",
    "1",
    "-1",
    "0.5",
    "2.5",
    "1e21",
    "1e308",
    "5e-324",
    "1e999",
    "-1e999",
    "(0/0)",
    "4294967295",
    "4294967296",
    "-4294967296",
    "9007199254740993",
    "1e16",
    "100",
    "101",
    "400",
    "null",
    "absent",
    "true",
    "false",
    "''",
    "' '",
    "'a'",
    "'-'",
    "'0x1f'",
    "'1e5'",
    "'Infinity'",
    "'\\ud800'",
    "'\\udc00\\ud800'",
    "'\\u0000'",
    "'é\\u0149ß'",
    "'%s%n{0}{x.__class__}'",
    "'(a+)+$'",
    "'__class__'",
    "'__proto__'",
    "'length'",
    "'1111111111'",
    "'2026-02-29'",
    "'2024-02-29'",
    "'P1M'",
    "'P999999999Y'",
    "'P0D'",
    "'2026-03-31T14:30:00Z'",
    "'9999-12-31'",
    "[]",
    "[0]",
    "[null]",
    "[absent]",
    "['a']",
    "[[1], [2]]",
    "[(0/0), 1, -0]",
    "[1e999]",
    "{}",
    '{"a": 1}',
    '{"__class__": 1, "constructor": 2}',
    '{"": null}',
    "a",
    "b",
    "l",
    "s",
    "n",
    "o",
    "big",
    "deep",
    "self",
]

_OPERATORS = ["+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "===", "!==", "&&", "||"]

_START = """
function f(n: number, s: _text, o: any single) -> out: any multiple {
var a: any, b: any, l: any = [1, 2, 3], big: any = "", deep: any = [], self: any = [];
var i: number, k: number;
var v: any = [VALUES];
big = "ab\\u00e9";
for (i = 0; i < 12; i += 1) { big += big; }
for (i = 0; i < 70; i += 1) { deep = [deep, i]; }
self.push(self);
"""

INPUTS = {
    "n": 3,
    "s": "text \U0001f600",
    "o": {"__class__": [1], "a": {"b": "c"}, "\U0001f600": None, "": 2},
}


def source(chooser: random.Random, statements: int = 3) -> str:
    """A Blueprint of `statements` statements, which may well have errors; it takes `INPUTS`."""
    body = "\n".join(_statement(chooser, 2) for _ in range(statements))
    start = _START.replace("VALUES", ", ".join(VALUES))
    return f"{start}{body}\nout = [];\n}}\n"


def _statement(chooser: random.Random, depth: int) -> str:
    kind = chooser.randrange(10 if depth else 6)
    target = chooser.choice(["a", "b", "l", "a[n]", "l[1]", "o.a", "l[b]", "a.length", "o['__class__']"])
    if kind < 3:
        return f"{target} = {expression(chooser, 3)};"
    if kind == 3:
        return f"{target} {chooser.choice(['+=', '-=', '*=', '/=', '%='])} {expression(chooser, 2)};"
    if kind < 6:
        return f"{_call(chooser, 2)};"
    inner = " ".join(_statement(chooser, depth - 1) for _ in range(2))
    if kind == 6:
        return f"choose {{ if ({expression(chooser, 2)}) {{ {inner} }} else {{ {inner} }} }}"
    if kind == 7:
        return f"for (var x{chooser.randrange(99)} in {expression(chooser, 1)}) {{ {inner} }}"
    if kind == 8:
        return f"for (k = 0; k < 3; k += 1) {{ {inner} }}"
    cells = [expression(chooser, 0) for _ in range(2)]
    row = f"| {chooser.choice(VALUES)} | {cells[1]} |"
    return f"decide first\n| {cells[0]} | -> a |\n|---|---|\n{row}\n| any | 1 |\n"


def expression(chooser: random.Random, depth: int) -> str:
    """An expression with at most `depth` operators inside each other."""
    kind = chooser.randrange(7) if depth else 0
    if kind < 2:
        # Out of a list of anything, the checker knows nothing of it, and the run has to find out.
        position = chooser.randrange(len(VALUES))
        return f"v[{position}]" if chooser.randrange(8) else VALUES[position]
    first = expression(chooser, depth - 1)
    if kind == 2:
        return f"({first} {chooser.choice(_OPERATORS)} {expression(chooser, depth - 1)})"
    if kind == 3:
        return f"{chooser.choice(['!', '-', '+'])}({first})"
    if kind == 4:
        return f"({first})[{expression(chooser, depth - 1)}]"
    if kind == 5:
        return f"({first} ? {expression(chooser, depth - 1)} : {expression(chooser, depth - 1)})"
    return _call(chooser, depth - 1)


def _call(chooser: random.Random, depth: int) -> str:
    kind = chooser.randrange(3)
    table: dict[str, Builtin] = (FUNCTIONS, MATH, METHODS)[kind]
    name = chooser.choice(sorted(table))
    builtin = table[name]
    count = chooser.randint(builtin.fewest, min(builtin.most, builtin.fewest + 2))
    arguments = ", ".join(expression(chooser, depth) for _ in range(count))
    if kind == 2:
        return f"({expression(chooser, depth)}).{name}({arguments})"
    return f"{'Math.' if kind else ''}{name}({arguments})"
