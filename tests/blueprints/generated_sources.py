"""Sources of every shape, for properties that hold of all of them."""

from pathlib import Path

from hypothesis import strategies as st

EXAMPLES = sorted(
    (Path(__file__).resolve().parents[2] / "leapter" / "projects" / "examples").rglob("*.logic.vts")
)

_LABELS = st.sampled_from(
    [
        "",
        "Add it",
        "Is it so?",
        "A label that goes on for so long that no box holds it in one line",
        "Ünïcode ≥ 雨",
        "x" * 90,
    ]
)
_CONDITIONS = st.sampled_from(
    [
        "a > 1",
        "a is 2 && b <= 3",
        "!(a >= b)",
        "(a + b) * 2 / 3 - -1 isnt 0",
        'contains([1, 2], a) or "x" == "y"',
    ]
)
_SIMPLE = st.sampled_from(
    ["c = a * b;", "c += 1;", "d.push(a);", "d[0] = a ? b : c;", "var %s: number = a % 2, %s_more: number;"]
)
_TABLE = """decide first
| a | b <= 2 | -> c | other |
| --- | --- | --- | --- |
| 1 | any | a + b | "a text that is longer than a cell" |
| any | true | 2 | "|" |"""


def _labelled(pair: tuple[str, str]) -> str:
    label, text = pair
    return f"//* {label}\n{text}" if label else text


def _body(statements: list[str]) -> str:
    return "{\n" + "\n".join(statements) + "\n}"


def _choose(parts: tuple[list[tuple[str, str, list[str], str]], list[str] | None]) -> str:
    branches, otherwise = parts
    lines = ["choose {"]
    for label, condition, body, closing in branches:
        lines.append(
            _labelled((label, f"if ({condition}) " + _body([*body, *([closing] if closing else [])])))
        )
    if otherwise is not None:
        lines.append("//* In all other cases\nelse " + _body(otherwise))
    return "\n".join([*lines, "}"])


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    bodies = st.lists(inner, max_size=3)
    closings = st.sampled_from(["", "return;", 'throw "No: " + a;', "continue;", "break;"])
    branch = st.tuples(_LABELS, _CONDITIONS, bodies, closings)
    texts = st.one_of(
        bodies.map(lambda body: 'section "A part of it" ' + _body(body)),
        bodies.map(lambda body: "for (var e in d) " + _body(body)),
        bodies.map(lambda body: "for (c = 0; c < a; c += 1) " + _body(body)),
        bodies.map(lambda body: "while (c < a) " + _body(body)),
        st.tuples(st.lists(branch, min_size=1, max_size=6), st.none() | bodies).map(_choose),
    )
    return st.tuples(_LABELS, texts).map(_labelled)


_statements = st.recursive(
    st.tuples(_LABELS, _SIMPLE | st.just(_TABLE)).map(_labelled), _compound, max_leaves=25
)


def _source(statements: list[str]) -> str:
    text = "\n".join(statements)
    # Each local needs a name of its own.
    number = 0
    while "%s" in text:
        number += 1
        text = text.replace("%s", f"v{number}", 2)
    return (
        "//* Helper\nfunction helper(x: number) -> y: number { y = x; }\n"
        "//* Generated\nfunction generated(\n//* First number\na: number, b: number = 2\n) ->\n"
        f"c: number, d: list of number, other: _text\n{{\n{text}\n}}\n"
    )


sources = st.lists(_statements, max_size=5).map(_source)
