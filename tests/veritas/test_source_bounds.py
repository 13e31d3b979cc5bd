"""A source costs a few seconds at most to check and to compile, whatever is written in it."""

import time

import pytest

from leapter.veritas import analyze, check_calls, compile_program, lexer, tables
from leapter.veritas.source import MAX_SIZE
from leapter.veritas.spelling import Speller

# Of the processor's time; the slowest of these takes a second and a half on the machine they were written on.
MOST_CPU_S = 3
BYTES = 80_000


def _function(body: str, head: str = "function f() -> out: number") -> str:
    return f"{head} {{\n{body}\n}}"


def _filled(line: str, start: str = "") -> str:
    count = (BYTES - len(start)) // len(line.encode())
    return _function(start + line * count, "function f(a: any single) -> out: number")


LOCALS = "var " + ", ".join(f"local_{number:05d}: number" for number in range(600)) + ";\n"
SOURCES = {
    "unknown names like many that are known": _function(
        LOCALS + "".join(f"lacxl_{number:05d} = 1;\n" for number in range(4_000))
    ),
    "unknown methods": _filled("l.pusj(1);\n", "var l: list of number = [];\n"),
    "properties of properties": _filled("out = a" + ".b" * 190 + ";\n"),
    "elements of elements": _filled("out = a" + "[0]" * 190 + ";\n"),
    "methods of methods": _filled("out = a" + ".slice()" * 90 + ";\n"),
    "rows of a table": _function(
        "decide first\n| out | -> out |\n|---|---|\n" + "| 1 | 2 |\n" * (BYTES // 10)
    ),
    "columns of a table": _function(
        "decide first\n|" + "out|" * 300 + "->out|\n|" + "---|" * 301 + "\n" + ("|" + "1|" * 301 + "\n") * 400
    ),
    "branches": _function("choose {\n" + "if (out) { out = 1; }\n" * 4_000 + "}"),
    "locals that depend on each other, the last one first": _function(
        "var "
        + ", ".join(f"v{number}: any" for number in range(4_000))
        + ";\nv3999 = 'a';\n".join(f"v{number} = v{number + 1};\n" for number in range(3_999))
    ),
    "labels": _filled("//* a\n"),
    "apostrophes": _function("out = " + "a'b " * 20_000),
    "quotes that go on in the next line": _filled('"\\\n'),
    "calls of a helper with many inputs": "function g("
    + ", ".join(f"p{number}: type number = 1" for number in range(6_000))
    + ") -> o: number {}\n"
    + _function("g();" * 20_000),
    "returns with many outputs": "function f() -> "
    + ", ".join(f"p{number}: number" for number in range(8_000))
    + " {"
    + "return;" * 20_000
    + "}",
    "a number of many digits": _function("out = " + "1" * BYTES + ";"),
    "an exponent of many digits": _function("out = 1e" + "1" * BYTES + ";"),
    "functions": "".join(f"function f{number}() -> o: number {{}}\n" for number in range(2_500)),
    "results with many outputs in many locals": "function f(a: type number = 1) -> "
    + ", ".join(f"o{number}: number" for number in range(9_000))
    + " { var "
    + ", ".join(f"l{number}: any" for number in range(4_000))
    + ";\n"
    + "".join(f"l{number} = g();\n" for number in range(4_000))
    + "}",
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_written_to_be_slow_is_not(name: str) -> None:
    started = time.process_time()
    analysis = analyze(SOURCES[name])
    if not analysis.has_errors:
        assert analysis.document is not None
        compile_program(analysis.document)
    assert time.process_time() - started < MOST_CPU_S
    assert len(analysis.findings) <= 500


@pytest.fixture
def most(monkeypatch: pytest.MonkeyPatch) -> int:
    """A bound for the size of a source that is reached sooner than the real one."""
    for module in (lexer, tables, check_calls):
        monkeypatch.setattr(module, "MAX_SIZE", 15_000)
    return 15_000


def _statements(count: int) -> str:
    # Four words and signs each; ten more stand around them, and the end is one.
    return _function("out=1;" * count)


def test_a_source_as_large_as_may_be_is_compiled_and_a_larger_one_is_refused_as_a_whole(most: int) -> None:
    assert MAX_SIZE == 150_000
    count = (most - 12) // 4
    analysis = analyze(_statements(count))
    assert not analysis.has_errors
    assert analysis.document is not None
    assert analysis.document.size <= most
    assert compile_program(analysis.document).run({}).statements == count
    (finding,) = [found for found in analyze(_statements(count + 1)).findings if found.severity == "error"]
    assert (finding.code, finding.line) == ("too_large", 2)
    assert "150,000" in finding.message
    # Who it is, the page can say all the same.
    signature = analyze(_statements(count + 1)).signature
    assert signature is not None
    assert signature.call_identifier == "f"


def test_the_cells_of_a_table_count(most: int) -> None:
    table = "decide first\n| out | -> out |\n|---|---|\n"
    rows = (most - 30) // 4  # a cell is its value and an end
    assert not analyze(_function(table + "| 1 | 2 |\n" * rows)).has_errors
    (finding,) = [
        found
        for found in analyze(_function(table + "| 1 | 2 |\n" * (rows + 10))).findings
        if found.severity == "error"
    ]
    assert finding.code == "too_large"


@pytest.mark.usefixtures("most")
@pytest.mark.parametrize(
    ("inputs", "calls", "is_sound"), [(100, 100, True), (100, 160, False)], ids=["fits", "too large"]
)
def test_what_a_call_of_a_helper_stands_for_counts(inputs: int, calls: int, is_sound: bool) -> None:
    parameters = ", ".join(f"p{number}: type number = 1" for number in range(inputs))
    source = f"function g({parameters}) -> o: number {{}}\n" + _function("g();" * calls)
    errors = [found.code for found in analyze(source).findings if found.severity == "error"]
    assert errors == ([] if is_sound else ["too_large"])


@pytest.mark.usefixtures("most")
@pytest.mark.parametrize(("returns", "is_sound"), [(100, True), (160, False)], ids=["fits", "too large"])
def test_what_a_return_stands_for_counts(returns: int, is_sound: bool) -> None:
    outputs = ", ".join(f"p{number}: number" for number in range(100))
    source = f"function f() -> {outputs} {{ {'return;' * returns} }}"
    errors = [found.code for found in analyze(source).findings if found.severity == "error"]
    assert errors == ([] if is_sound else ["too_large"])


def test_an_error_that_makes_others_idle_is_kept_however_many_there_are(most: int) -> None:
    # All findings of this one are in its first line, which holds characters that cannot be read as well.
    source = "function f() -> out: number { " + "§ x = 1; " * 600 + "out=1;" * most
    findings = analyze(source).findings
    assert len(findings) <= 500
    assert "too_large" in [found.code for found in findings]


def test_suggestions_end_before_they_take_long() -> None:
    speller = Speller(5)
    assert speller.nearest("heigth", ["height", "width", "depth"]) == "height"
    assert speller.nearest("widht", ["height", "width", "depth"]) == "width"
    assert speller.nearest("dephth", ["height", "width", "depth"]) is None
