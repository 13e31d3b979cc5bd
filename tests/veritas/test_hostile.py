"""Programs written to do harm end in a finding or an error, soon, and reach nothing."""

import contextlib
import random
import time

import pytest

from leapter.veritas import Limits, RunError, analyze, compile_program, example_inputs, syntax_tree
from tests.veritas.programs import program_of

N = 10_000


def _function(body: str) -> str:
    return f"function f() -> out: number {{\n{body}\n}}"


SOURCES = {
    "parentheses": _function("out = " + "(" * N),
    "brackets": _function("out = " + "[" * N),
    "braces": _function("{" * N),
    "sections": _function("section 'a' {" * N),
    "branches inside branches": _function("choose { if (true) {" * N),
    "loops inside loops": _function("while (true) {" * N),
    "negations": _function("out = " + "!" * N + "1"),
    "signs": _function("out = " + "- " * N + "1"),
    "words": _function("out = " + "not " * N + "1"),
    "properties": _function("out = a" + ".b" * N),
    "calls": _function("out = a" + "()" * N),
    "indices": _function("out = a" + "[0]" * N),
    "sums": _function("out = 1" + " + 1" * N),
    "ladder": _function("out = " + "1 ? 2 : " * N + "3"),
    "conditionals inside conditionals": _function("out = " + "1 ? " * N + "3"),
    "every level of precedence": _function("out = " + "1 || 1 && 1 == 1 < 1 + 1 * (" * N),
    "types": "function f(a: " + "list of " * N + "number) -> out: number { }",
    "functions of one name": "function f() -> out: number {}\n" * 2000,
    "quotes": '"' * N,
    "descriptions": '"""' * N,
    "comments": "/*" * N,
    "at signs": "@" * N,
    "bars": "|" * N,
    "no characters": "\0" * N,
    "half characters": _function("out = '\ud800' + \ud800;"),
    "unclosed inputs": "function f(" * N,
    "else if": _function("choose { if (true) {} " + "else if (true) {} " * 2000 + "}"),
    "calls inside calls": _function("out = " + "f(a: " * N),
    "nothing": "",
}


@pytest.mark.parametrize("name", SOURCES)
def test_source_written_to_break_the_parser_gives_findings(name: str) -> None:
    started = time.monotonic()
    analysis = analyze(SOURCES[name])
    assert analysis.has_errors
    assert time.monotonic() - started < 20
    for finding in analysis.findings:
        assert finding.line >= 1
        assert finding.column >= 1
        assert finding.excerpt.split("\n")[1].strip() == "^"


def test_random_tokens_never_raise() -> None:
    chooser = random.Random(7)
    tokens = [
        "function",
        "f",
        "(",
        ")",
        "->",
        "out",
        ":",
        "number",
        "{",
        "}",
        "[",
        "]",
        ";",
        ",",
        "=",
        "==",
        "?",
        ":",
        ".",
        "choose",
        "if",
        "else",
        "for",
        "var",
        "in",
        "while",
        "section",
        "decide",
        "first",
        "|",
        "---",
        "\n",
        '"',
        "'",
        '"""',
        "//*",
        "//",
        "/*",
        "*/",
        "@S-12",
        "1",
        "2.5",
        "'a'",
        "true",
        "null",
        "a",
        "b",
        "and",
        "or",
        "not",
        "is",
        "-",
        "type",
        "list",
        "of",
        "choice",
    ]
    for _ in range(150):
        source = " ".join(chooser.choice(tokens) for _ in range(400))
        analysis = analyze(source)
        if analysis.document is not None:
            syntax_tree(analysis.document)


def test_random_changes_of_a_good_source_never_raise() -> None:
    good = """
    //* Fee
    function fee(a: type number = 1, b: list of text) -> out: number {
      //* Choose
      choose { if (a > 1) { out = a * 2; } else { out = round(a, 2); } }
      decide first
      | a | -> out |
      |---|--------|
      | 1 | 2      |
      for (var x in b) { out += x.length; }
    }
    """
    chooser = random.Random(11)
    for _ in range(300):
        cut = chooser.randrange(len(good))
        source = good[:cut] + chooser.choice(['"', "{", "}", "(", "", "|", "\n", "é", "if"]) + good[cut + 1 :]
        analysis = analyze(source)
        if not analysis.has_errors:
            assert analysis.document is not None
            assert analysis.signature is not None
            made = compile_program(analysis.document)
            with contextlib.suppress(RunError):
                made.run(example_inputs(analysis.signature))


GROW = "s = 'ab'; for (i = 0; i < 18; i += 1) { s += s; }"
PROGRAMS = {
    "a list pushed into itself, as output": 'a = []; a.push(a); o = {"a": a};',
    "a list pushed into itself, as text": "a = []; a.push(a); s = '' + a;",
    "a list pushed into itself, thrown": "a = []; a.push(a); throw a;",
    "an object inside itself": 'a = {"x": 1}; a.x = a; o = a;',
    "a list that doubles by sharing, as output": (
        "a = [1]; for (i = 0; i < 40; i += 1) { a = [a, a]; } o = {'a': a};"
    ),
    "a list that doubles by sharing, as text": (
        "a = [1]; for (i = 0; i < 40; i += 1) { a = [a, a]; } s = '' + a;"
    ),
    "a list that doubles by sharing, joined by nothing": (
        "a = []; for (i = 0; i < 50; i += 1) { a = [a, a]; } s = a.join('');"
    ),
    "a deep list as output": "a = []; for (i = 0; i < 90000; i += 1) { a = [a]; } o = {'a': a};",
    "a deep list as text": "a = []; for (i = 0; i < 90000; i += 1) { a = [a]; } s = '' + a;",
    "a list that grows while it is gone through": "a = [1]; for (var x in a) { a.push(x); }",
    "an element far away": "l[4000000000] = 1;",
    "a text that doubles": "s = 'x'; while (true) { s += s; }",
    "a list that doubles": "a = [1]; while (true) { a = a.concat(a); }",
    "a long join": "l[99999] = 1; s = l.join('0123456789ABCDEF');",
    "sorting without end": "l[99999] = 1; while (true) { a = sort(l); }",
    "searching a long text without end": GROW + " a = s + 'c'; while (true) { i = a.indexOf('bb'); }",
    "comparing long texts without end": GROW + " a = s + 'c'; b = s + 'c'; while (true) { c = a === b; }",
    "reading a long number without end": GROW + " a = '0.' + s.length + s; while (true) { i = a * 1; }",
    "splitting without end": "s = '0123456789'; while (true) { a = s.split(''); s += '0123456789'; }",
    "objects without end": 'while (true) { c = {"a": c, "b": 1}; }',
    "upper case that grows": (
        "s = '\\u0149'; for (i = 0; i < 19; i += 1) { s += s; } s = s.toUpperCase(); s = s + s;"
    ),
    "decimals without end": "while (true) { s = (1e20).toFixed(100); }",
    "attributes of Python": "o = {}; o.__class__ = 1;",
    "attributes of Python on null": "a = null; s = a.__class__;",
    "a long message": GROW + " throw s;",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_written_to_do_harm_ends_in_an_error_in_time(name: str) -> None:
    made = program_of(
        "var a: any, b: any, c: any, i: number = 0, s: text = '', l: list of number = [];\n" + PROGRAMS[name],
        output="o: any single",
    )
    started = time.monotonic()
    with pytest.raises(RunError) as caught:
        made.run({}, limits=Limits(wall_time_s=0.2))
    assert time.monotonic() - started < 10
    assert caught.value.node is not None
    assert len(str(caught.value)) < 11_000
    # The values of the run must not live on in the error.
    assert caught.value.__context__ is None


def test_names_of_python_reach_nothing() -> None:
    body = """
    var o: any = {"x": 1};
    out = [o.__class__, o['__dict__'], o.__init__, o['keys']].join('') === '' ? 1 : 0;
    """
    assert program_of(body).run({}).outputs == {"out": 1}


@pytest.mark.parametrize(
    "expression",
    ["__import__(1)", "eval('1')", "open('a')", "exec('1')", "globals()", "print(1)", "getattr(out, 'x')"],
)
def test_functions_of_python_do_not_exist(expression: str) -> None:
    assert [finding.code for finding in analyze(_function(f"out = {expression};")).findings][:1] != []
    assert analyze(_function(f"out = {expression};")).has_errors


def test_inputs_nested_deeply_are_refused() -> None:
    value: object = 1
    for _ in range(5000):
        value = {"a": value}
    made = program_of("out = 1;", params="a: any single")
    with pytest.raises(RunError, match="nested more than 64 deep"):
        made.run({"a": value})


def test_huge_numbers_of_json_are_refused() -> None:
    made = program_of("out = a;", params="a: number")
    assert made.run({"a": 2**70}).outputs == {"out": float(2**70)}
    for value in (10**400, float("nan"), float("inf")):
        with pytest.raises(RunError):
            made.run({"a": value})


def test_source_at_the_limit_is_read_and_one_byte_more_is_not() -> None:
    source = _function("out = 1;")
    padding = " " * (1024 * 1024 - len(source))
    assert not analyze(source + padding).has_errors
    assert [finding.code for finding in analyze(source + padding + " ").findings] == ["source_too_long"]
