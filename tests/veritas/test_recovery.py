"""One slip in a sound source is one error, at its place, and everything else is checked all the same."""

import re
import time

import pytest

from leapter.veritas import Finding, analyze, syntax_tree

PARKING = """\
//#id 7f1d0000-0000-4000-8000-000000000001
//* Parking Fee
\"\"\"What a driver pays.\"\"\"
function parking_fee(
    //* Minutes parked
    minutes: number,
    //* Weekend tariff?
    weekend: type boolean = false,
    //* Kind of ticket
    ticket: type _text choice ["day", "night"] = "day"
) ->
    //* Fee in EUR
    fee: type number = 0,
    //* Why
    notes: list of _text
{
    //* Hours
    var hours: number = Math.ceil(minutes / 60), rate: number = 2.5;
    //* Tariff
    section "Tariff" {
        \"\"\"What an hour costs.\"\"\"
        //* Which
        choose {
            //* Weekend
            if (weekend and ticket is "day") {
                //* Dearer
                rate = 3;
                //* Say so
                notes.push("Weekend: " + rate);
            }
            //* Night
            if (ticket is "night") {
                //* Cheaper
                rate = 1;
            }
            //* Other
            else {
                //* As usual
                rate += 0.5;
            }
        }
    }
    //* Charge
    fee = round(hours * rate, 2);
    //* Refuse
    choose {
        //* Nonsense
        if (minutes < 0) {
            //* Say why
            throw "Negative";
        }
    }
    //* Last
    fee += wrong_at_the_end;
}
"""
BASKET = """\
//* Discount
function discount(tier: _text, amount: number) ->
    rate: type number = 0
{
    //* By table
    decide first
    | tier     | amount > 100 | -> rate |
    | -------- | ------------ | ------- |
    | "gold"   | true         | 0.2     |
    | "silver" | any          | 0.1     |

    //* Done
    return;
}

//* Basket
function basket(
    prices: list of number,
    tier: type _text = "none"
) ->
    total: type number = 0,
    lines: list of _text
{
    //* Locals
    var i: number, reduced: any single, seen: number = 0;
    //* Every price
    for (var price in prices) {
        //* Skip
        choose {
            //* Free
            if (price <= 0) {
                //* Next
                continue;
            }
        }
        //* Add
        total += price;
        //* Line
        lines.push("Price " + price);
    }
    //* Reduce
    reduced = discount(tier: tier, amount: total);
    //* Count
    for (i = 0; i < lines.length; i += 1) {
        //* One more
        seen = seen + 1;
    }
    //* Shorten
    while (lines.length > 3) {
        //* Away
        lines.pop();
    }
    //* Net
    total = total * (1 - reduced.rate);
    //* Last
    total += wrong_at_the_end;
}
"""
SOURCES = {"parking": PARKING, "basket": BASKET}


def errors_of(source: str) -> list[Finding]:
    return [finding for finding in analyze(source).findings if finding.severity == "error"]


def without_the_last(source: str) -> list[Finding]:
    """The errors of a source but the one that each source has in its last statement, to show that it is
    read to the end.
    """
    errors = errors_of(source)
    last = [error for error in errors if "wrong_at_the_end" in error.message]
    assert len(last) == 1, errors
    return [error for error in errors if error is not last[0]]


def statement_lines(source: str) -> list[int]:
    """The lines before which a statement may stand."""
    document = analyze(source).document
    assert document is not None
    lines: list[int] = []

    def collect(body: list[dict[str, object]]) -> None:
        for statement in body:
            line = statement["line"]
            assert isinstance(line, int)
            # The label stands in the line before.
            lines.append(line - 1)
            collect(statement.get("body", []))  # type: ignore[arg-type] # the tree is plain JSON
            for branch in statement.get("branches", []):  # type: ignore[attr-defined] # the same
                collect(branch["body"])

    tree = syntax_tree(document)
    for function in (tree, *tree["helpers"]):
        collect(function["body"])
    return lines


# A statement in one line, the code of its one error and the column of the error in the statement.
TRAPS = [
    ("if (true) { }", "bare_if", 1),
    ("else { }", "bare_else", 1),
    ("choose { if (false) { } else if (true) { } }", "else_if", 25),
    ("let fresh = 1;", "foreign_statement", 1),
    ("switch (1) { case 1: break; }", "foreign_statement", 1),
    ("try { } catch (e) { }", "foreign_statement", 1),
    ("do { } while (false);", "foreign_statement", 1),
    ("while (false) { { } }", "bare_block", 17),
    ("trap++;", "increment", 5),
    ("++trap;", "increment", 1),
    ("trap = trap.map(x => { return x; });", "arrow_function", 17),
    ("trap = trap.filter(function (x) { return x > 2; });", "function_value", 20),
    ("trap.includes(3);", "unknown_method", 6),
    ("trap = ;", "expected_value", 8),
    ("trap = 1 + ;", "expected_value", 12),
    ("trap = (1 + 2;", "expected_token", 14),
    ("trap = 1 + 2);", "expected_end", 13),
    ("trap = [1, 2;", "expected_token", 13),
    ("trap = [1 2];", "expected_token", 11),
    ('trap = {"a": 1 "b": 2};', "expected_token", 16),
    ("trap = 1 2;", "expected_end", 10),
    ('trap = "abc;', "open_text", 8),
    ("trap = 'it's';", "apostrophe", 11),
    ("trap = “abc”;", "curly_quotes", 8),
    ("trap = `abc ${1}`;", "template", 8),
    ("trap = /a'b/;", "regular_expression", 8),
    ("trap = new Date();", "foreign_word", 8),
    ("trap = typeof 1;", "foreign_word", 8),
    ("trap = other = 1;", "chained_assignment", 14),
    ("trap = 1 ** 2;", "foreign_operator", 10),
    ("trap = 1；", "lookalike", 9),
    ("trap = 1 \u200b;", "invisible_character", 10),
    ("trap = 1 € 2;", "unexpected_character", 10),
    ("träp = 1;", "bad_name", 1),
    ("trap = 0x1F;", "bad_number", 8),
    ("return 1;", "return_value", 8),
    ("choose { if (1 = 2) { } }", "assignment_in_condition", 16),
    ("choose { if 1 < 2 { } }", "missing_parentheses", 13),
    ("choose { if (1 < 2 { } }", "expected_token", 20),
    ("choose { trap = 1; if (true) { } }", "expected_branch", 10),
    ("choose { }", "empty_choose", 1),
    ("for (var x of [1]) { }", "for_of", 12),
    ("for x in [1] { }", "missing_parentheses", 5),
    ("for (trap = 0; trap < 1; trap++) { }", "increment", 30),
    ("If (true) { trap = 1; }", "wrong_case", 1),
    ("While (false) { trap = 1; }", "wrong_case", 1),
    ("function g() { }", "nested_function", 1),
    ("section { trap = 1; }", "missing_title", 8),
    ("goto trap;", "unknown_statement", 1),
    ("# a comment, isn't it", "hash", 1),
    ("unheard = 1;", "unknown_name", 1),
    ("trap = Math.flor(1);", "unknown_function", 13),
    ("trap = sum();", "argument_count", 8),
]


def with_local(source: str) -> str:
    """The source with a local `trap` in each function."""
    return re.sub(r"^\{$", "{\n    //* Trap\n    var trap: any, other: any;", source, flags=re.MULTILINE)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize(("trap", "code", "column"), TRAPS, ids=[trap for trap, _, _ in TRAPS])
def test_a_slip_is_one_error_wherever_it_stands(name: str, trap: str, code: str, column: int) -> None:
    source = with_local(SOURCES[name])
    assert without_the_last(source) == []
    lines = source.split("\n")
    for line in statement_lines(source):
        indent = re.match(" *", lines[line - 1]).group()  # type: ignore[union-attr] # matches anything
        changed = "\n".join([*lines[: line - 1], indent + trap, *lines[line - 1 :]])
        if code == "wrong_case" and trap.startswith("If"):
            # The branch stands outside of `choose` as well, at the same place.
            changed = changed.replace(trap, f"choose {{ {trap} }}")
            place = (line, len(indent) + 10)
        else:
            place = (line, len(indent) + column)
        found = [(error.code, error.line, error.column) for error in without_the_last(changed)]
        assert found == [(code, *place)], changed


# What is taken out, once at each place it stands: one error is left, in that line or beside it.
MISSING = ["{", "}", ")", "[", "]", ",", "->", "choose", "section", "while", "else", "decide", "first"]


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("part", MISSING)
def test_what_is_missing_is_one_error(name: str, part: str) -> None:
    source = SOURCES[name]
    for match in re.finditer(re.escape(part), source):
        line = source.count("\n", 0, match.start()) + 1
        if "//*" in source.split("\n")[line - 1]:
            continue
        changed = source[: match.start()] + source[match.end() :]
        errors = without_the_last(changed)
        assert len(errors) == 1, (line, errors)
        assert abs(errors[0].line - line) <= 1, (line, errors)


@pytest.mark.parametrize("name", SOURCES)
def test_a_quote_that_is_missing_is_one_error_in_its_line(name: str) -> None:
    source = SOURCES[name]
    for match in re.finditer('"', source):
        line = source.count("\n", 0, match.start()) + 1
        changed = source[: match.start()] + source[match.end() :]
        assert [error.line for error in without_the_last(changed)] == [line], changed


@pytest.mark.parametrize("name", SOURCES)
def test_a_semicolon_at_the_end_of_a_line_may_be_left_out(name: str) -> None:
    source = SOURCES[name]
    for match in re.finditer(r";\n", source):
        assert without_the_last(source[: match.start()] + "\n" + source[match.end() :]) == []


N = 10_000


def _body(text: str) -> str:
    return f"function f() -> out: number {{\n{text}\n}}"


# Text that is looked ahead into, or searched, at every one of many places.
LONG = {
    "curly quotes": _body("“a" * N),
    "backticks": _body("`a b " * N),
    "slashes": _body("(/[" * N),
    "words behind var": _body("var " + "a " * N),
    "locals that cannot be read": _body("var " + "a: number = ( " * N),
    "words behind section": _body("section a " * N),
    "texts that are not closed": _body("'\n" * N),
    "apostrophes": _body("'a'b " * N),
    "other letters": _body("é " * N),
    "descriptions over lines": '"""\n"""a\n' * N + '"""',
    "halves of descriptions": '""a ' * N,
    "tables without tables": _body("decide first //\n" * N),
    "bars and quotes": _body("decide first\n" + "|'" * N),
    "bars": _body("|\n" * N),
    "headers": _body("If (" * N),
    "blocks of other languages": _body("try { " * N),
    "surplus braces": _body("}" * N),
    "indented blocks": _body("\n".join(" " * (i % 40) + "section 's' {" for i in range(N))),
    "parameters on one line": "function f(" + "a b c " * N,
    "functions inside inputs": "function f(" * N,
    "functions without braces": "function f() -> out: number {\n  out = 1;\n" * (N // 4),
    "statements behind many blanks": _body(" " * 100_000 + "a = 1; " * (N // 4)),
    "undeclared names": _body("".join(f"out = x{i};\n" for i in range(N // 4))),
}


@pytest.mark.parametrize("name", LONG)
def test_long_nonsense_is_read_in_time_that_grows_with_its_length(name: str) -> None:
    started = time.monotonic()
    assert analyze(LONG[name]).has_errors
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("let k = 5;\nout = k;", "foreign_statement"),
        ("decide first\n| a | -> out |\n| 1 | 2 |\n", "expected_delimiter"),
        ("if a > 5 then out = 1;", "bare_if"),
        ("out = 5 <> 6;", "foreign_operator"),
    ],
)
def test_one_fault_is_one_finding_without_a_warning_beside_it(body: str, code: str) -> None:
    found = analyze(f"function f(a: number) -> out: number {{\n{body}\n}}").findings
    assert [each.code for each in found if each.code != "missing_label"] == [code]
