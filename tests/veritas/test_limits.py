"""Each limit of a run at its bound and one beyond."""

import time

import pytest

from leapter.veritas import InputError, LimitExceeded, Limits
from leapter.veritas.state import (
    BYTES_PER_CHARACTER,
    BYTES_PER_ELEMENT,
    BYTES_PER_MEMBER,
    LIST_BYTES,
    OBJECT_BYTES,
    TEXT_BYTES,
)
from tests.veritas.programs import program, program_of, run


def test_statements_up_to_the_limit_run() -> None:
    outcome = run("out = 1; out = 2; out = 3;", limits=Limits(statements=3))
    assert outcome.statements == 3
    assert outcome.outputs == {"out": 3}


def test_one_statement_more_ends_the_run() -> None:
    with pytest.raises(LimitExceeded) as caught:
        run("out = 1; out = 2; out = 3; out = 4;", limits=Limits(statements=3))
    assert (caught.value.limit, caught.value.bound) == ("statements", 3)
    assert "3 statements" in str(caught.value)


def test_statements_of_a_loop_are_counted_exactly() -> None:
    # One for the assignment, one for the loop; each turn is one for its header and one for its body.
    body = "out = 0; while (out < 100) { out += 1; }"
    assert run(body, limits=Limits(statements=202)).statements == 202
    with pytest.raises(LimitExceeded) as caught:
        run(body, limits=Limits(statements=201))
    assert caught.value.limit == "statements"


def test_an_empty_endless_loop_ends_and_names_its_node() -> None:
    with pytest.raises(LimitExceeded) as caught:
        run("//* Spin\nwhile (true) { }")
    assert caught.value.limit == "statements"
    assert caught.value.node is not None
    assert (caught.value.node.label, caught.value.node.line) == ("Spin", 3)


CALLS = """
function down(n: number) -> r: number {
  choose { if (n > 1) { r = down(n: n - 1).r + 1; } else { r = 1; } }
}
function f(n: number) -> out: number { out = down(n: n).r; }
"""


def test_calls_up_to_the_limit_run() -> None:
    assert program(CALLS).run({"n": 64}).outputs == {"out": 64}


def test_one_call_deeper_ends_the_run() -> None:
    with pytest.raises(LimitExceeded) as caught:
        program(CALLS).run({"n": 65})
    assert (caught.value.limit, caught.value.bound) == ("call_depth", 64)


def test_statements_of_helpers_count_too() -> None:
    statements = program(CALLS).run({"n": 3}).statements
    assert program(CALLS).run({"n": 3}, limits=Limits(statements=statements)).outputs == {"out": 3}
    with pytest.raises(LimitExceeded):
        program(CALLS).run({"n": 3}, limits=Limits(statements=statements - 1))


GROW_LIST = [
    "l.push(0);",
    "l[l.length] = 0;",
    "l = l.concat([0]);",
    "l = l.concat(0);",
    "l.splice(0, 0, 0);",
    "l = [0, 0, 0, 0];",
    "l = sort([0, 0, 0, 0]);",
    "t = 'abcd'; l = t.split('');",
    "t = 'a,b,c,d'; l = t.split(',');",
    "t = 'abcd'; l = t.split('', 4);",
    "l[3] = 0;",
    "l['3'] = 0;",
    "l.splice(1, 1, 0, 0);",
    "l = [0, 0, 0, 0].splice(0);",
    "l = [0, 0, 0, 0].slice();",
    "l = [0, 0, 0, 0].reverse();",
    "l = [].concat(l, [0]);",
    "l = sort([0, 0, 0, 0], 'descending');",
    "l = [0].concat([0, 0], 0);",
    "for (var x in [1]) { l.push(x); }",
    "o.l.push(0); l = o.l;",
]


@pytest.mark.parametrize("statement", GROW_LIST)
def test_a_list_may_reach_the_limit_and_no_more(statement: str) -> None:
    made = program_of(f'var l: any = [0, 0, 0], t: text, o: any = {{"l": l}}; {statement} out = l.length;')
    assert made.run({}, limits=Limits(list_elements=4)).outputs == {"out": 4}
    with pytest.raises(LimitExceeded) as caught:
        made.run({}, limits=Limits(list_elements=3))
    assert (caught.value.limit, caught.value.bound) == ("list_elements", 3)


GROW_TEXT = [
    "t = t + 'd';",
    "t += 'd';",
    "t = ['ab', 'd'].join('-');",
    "t = 'abd'.replace('b', 'bc');",
    "t = '' + [10, 9];",
    "t = (1).toFixed(2);",
    "t = 'ß'.toUpperCase() + 'ß'.toUpperCase();",
    "t = 'ab' + 12;",
    "t = 1 + 'abc';",
    "t = [1, [2, 3]].join('').replace(',', '') + '4';",
    "t = true + '';",
    "t = null + '';",
    "t = ['abc', 'd'].join('');",
    "t = ['a', 'b'].join('--');",
    "t = 'abc'.replace('', 'd');",
    "t = [12, 3] + '';",
    "t = '\\ud83d\\ude00' + 'ab';",
    "o.t += 'd'; t = o.t;",
    "l[0] += 'd'; t = l[0];",
]


@pytest.mark.parametrize("statement", GROW_TEXT)
def test_a_text_may_reach_the_limit_and_no_more(statement: str) -> None:
    body = f'var t: any = "abc", o: any = {{"t": t}}, l: list of text = [t]; {statement} out = t.length;'
    made = program_of(body)
    assert made.run({}, limits=Limits(string_characters=4)).outputs == {"out": 4}
    with pytest.raises(LimitExceeded) as caught:
        made.run({}, limits=Limits(string_characters=3))
    assert (caught.value.limit, caught.value.bound) == ("string_characters", 3)


def test_a_long_text_literal_keeps_to_the_limit_too() -> None:
    made = program_of(f"var t: text; t = '{'x' * 1001}'; out = t.length;")
    assert made.run({}, limits=Limits(string_characters=1001)).outputs == {"out": 1001}
    with pytest.raises(LimitExceeded):
        made.run({}, limits=Limits(string_characters=1000))


def test_wall_time_ends_a_run() -> None:
    with pytest.raises(LimitExceeded) as caught:
        run("out = 0; while (true) { out += 1; }", limits=Limits(statements=10**12, wall_time_s=0.05))
    assert caught.value.limit == "wall_time_s"
    assert "0.05 seconds" in str(caught.value)


ENDLESS = [
    "while (true) { }",
    "while (true) { continue; }",
    "for (;;) { }",
    "for (i = 0; true; i += 1) { }",
    "for (var x in [1]) { while (true) { } }",
    "while (true) { choose { if (i < 0) { i = 1; } else { i = 2; } } }",
    "while (true) { s = sort(l); }",
    "while (true) { i = t.indexOf('xy'); }",
    "while (true) { i = l.indexOf('x'); }",
    "while (true) { l.reverse(); }",
    "while (true) { i = contains(l, 'x'); }",
    "while (true) { i = sum(l); }",
    "while (true) { s = l.slice(); }",
    "while (true) { s = t.toUpperCase(); }",
    "while (true) { s = t.split(''); }",
    "for (;;) { i = ('1' + t) * 1; }",
]


@pytest.mark.parametrize("statement", ENDLESS)
def test_wall_time_ends_every_form_of_loop_and_every_long_operation(statement: str) -> None:
    body = f"""
    var i: any = 0, s: any, t: text = 'x', l: any = [];
    for (i = 0; i < 16; i += 1) {{ t += t; }}
    l[99999] = 1;
    {statement}
    """
    made = program_of(body)
    started = time.process_time()
    with pytest.raises(LimitExceeded) as caught:
        made.run({}, limits=Limits(statements=10**12, wall_time_s=0.05))
    assert caught.value.limit == "wall_time_s"
    # A single operation goes on for as long as it needs: some tenths of a second at most.
    assert time.process_time() - started < 1.2


INPUTS = [
    ("a: list of number", [1, 2, 3, 4], "list_elements"),
    ("a: list of _text", ["a", "b", "c", "d"], "list_elements"),
    ("a: map of number", {"a": 1, "b": 2, "c": 3, "d": 4}, "list_elements"),
    ("a: any single", {"a": [1, 2, 3, 4]}, "list_elements"),
    ("a: any multiple", [{}, {}, {}, {}], "list_elements"),
    ("a: _text", "abcd", "string_characters"),
    ("a: list of _text", ["abcd"], "string_characters"),
    ("a: any single", {"a": "abcd"}, "string_characters"),
    ("a: _text", "\U0001f600\U0001f600", "string_characters"),
]


@pytest.mark.parametrize(("declared", "value", "limit"), INPUTS)
def test_an_input_may_be_as_long_as_what_a_run_makes(declared: str, value: object, limit: str) -> None:
    made = program_of("out = 1;", params=declared)
    assert made.run({"a": value}, limits=Limits(**{limit: 4})).outputs == {"out": 1}
    with pytest.raises(InputError):
        made.run({"a": value}, limits=Limits(**{limit: 3}))


ALLOCATING = [
    ("l = [1, 2, 3];", LIST_BYTES + 3 * BYTES_PER_ELEMENT),
    ("l = [[1]];", 2 * LIST_BYTES + 2 * BYTES_PER_ELEMENT),
    ("t = 'ab' + s;", TEXT_BYTES + 3 * BYTES_PER_CHARACTER),
    ('l = {"a": 1, "b": 2};', OBJECT_BYTES + 2 * BYTES_PER_MEMBER),
]


@pytest.mark.parametrize(("statement", "size"), ALLOCATING)
def test_memory_up_to_the_limit_is_there_and_no_more(statement: str, size: int) -> None:
    made = program_of(f"var l: any, t: text, s: text = 'c'; {statement} out = 1;")
    assert made.run({}, limits=Limits(allocation_bytes=size)).outputs == {"out": 1}
    with pytest.raises(LimitExceeded) as caught:
        made.run({}, limits=Limits(allocation_bytes=size - 1))
    assert (caught.value.limit, caught.value.bound) == ("allocation_bytes", size - 1)


@pytest.mark.parametrize("text", ["abc", "é", "\U0001f600"])
def test_each_text_of_the_outputs_is_charged_where_it_stands(text: str) -> None:
    made = program_of('o = {"a": [t, t, t]};', params="t: _text", output="o: any single")
    units = len(text.encode("utf-16-le")) // 2
    key = TEXT_BYTES + 6
    held = OBJECT_BYTES + BYTES_PER_MEMBER + LIST_BYTES + 3 * BYTES_PER_ELEMENT
    written = held + key + 3 * (TEXT_BYTES + 6 * units)
    bound = held + written
    assert made.run({"t": text}, limits=Limits(allocation_bytes=2 * bound)).outputs == {
        "o": {"a": [text] * 3}
    }
    assert made.run({"t": text}, limits=Limits(allocation_bytes=bound)).outputs == {"o": {"a": [text] * 3}}
    with pytest.raises(LimitExceeded) as caught:
        made.run({"t": text}, limits=Limits(allocation_bytes=bound - 1))
    assert caught.value.node is not None
    assert caught.value.node.line == 1


def test_texts_that_one_list_holds_many_times_are_measured_once() -> None:
    # Some 40 MB of lists come and go; what is held is one list of the same text.
    body = """
    var l: any = [], c: any, i: number, s: text = 'ab';
    for (i = 0; i < 10; i += 1) { s += s; }
    for (i = 0; i < 100; i += 1) { l.push(s); l.push('a' + 1); }
    for (i = 0; i < 2000; i += 1) { c = l.slice(); }
    out = c.length;
    """
    assert run(body, limits=Limits(allocation_bytes=256 * 1024)).outputs == {"out": 200}


def test_memory_that_is_held_is_bounded() -> None:
    body = """
    var s: text = 'x', i: number, kept: list of text = [];
    for (i = 0; i < 16; i += 1) { s += s; }
    while (true) { kept.push(s + kept.length); }
    """
    with pytest.raises(LimitExceeded) as caught:
        run(body)
    assert caught.value.limit == "allocation_bytes"
    assert "128 MiB" in str(caught.value)


def test_memory_that_is_given_up_does_not_count() -> None:
    # Some 260 MiB of text come and go; at any moment less than half a MiB is held.
    body = """
    var s: text = 'x', t: text, i: number;
    for (i = 0; i < 16; i += 1) { s += s; }
    for (i = 0; i < 2000; i += 1) { t = s + i; }
    out = t.length;
    """
    assert run(body).outputs == {"out": 65540}


def test_the_list_that_a_loop_goes_through_counts_as_held() -> None:
    body = """
    var s: text = 'x', t: text, i: number;
    for (i = 0; i < 14; i += 1) { s += s; }
    for (var k in [s + 1, s + 2, s + 3, s + 4]) { for (i = 0; i < 50; i += 1) { t = s + i; } }
    out = t.length;
    """
    # Four texts of 32 KiB are held by the list, two by locals, and one is being made.
    assert run(body, limits=Limits(allocation_bytes=640 * 1024)).outputs == {"out": 16386}
    with pytest.raises(LimitExceeded):
        run(body, limits=Limits(allocation_bytes=220 * 1024))


def test_texts_of_a_short_list_count_each_time_they_go_out() -> None:
    body = """
    var t: _text = 'x', i: number;
    for (i = 0; i < 9; i += 1) { t += t; }
    for (i = 0; i < 30; i += 1) { out.push(t); }
    """
    made = program_of(body, output="@V-1 out: list of _text")
    assert made.run({}, limits=Limits(allocation_bytes=120_000)).outputs == {"out": ["x" * 512] * 30}
    with pytest.raises(LimitExceeded) as caught:
        made.run({}, limits=Limits(allocation_bytes=50_000))
    assert caught.value.limit == "allocation_bytes"
    assert caught.value.node is not None
    assert caught.value.node.id == "V-1"
