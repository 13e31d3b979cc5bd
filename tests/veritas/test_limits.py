"""Each limit of a run at its bound and one beyond."""

import pytest

from leapter.veritas import LimitExceeded, Limits
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
]


@pytest.mark.parametrize("statement", GROW_LIST)
def test_a_list_may_reach_the_limit_and_no_more(statement: str) -> None:
    made = program_of(f"var l: any = [0, 0, 0], t: text; {statement} out = l.length;")
    assert made.run({}, limits=Limits(list_elements=4)).outputs == {"out": 4}
    with pytest.raises(LimitExceeded) as caught:
        made.run({}, limits=Limits(list_elements=3))
    assert (caught.value.limit, caught.value.bound) == ("list_elements", 3)


GROW_TEXT = [
    "t = t + 'd';",
    "t += 'd';",
    "t = t.concat('d');",
    "t = ['ab', 'd'].join('-');",
    "t = 'abd'.replace('b', 'bc');",
    "t = '' + [10, 9];",
    "t = (1).toFixed(2);",
    "t = 'ß'.toUpperCase() + 'ß'.toUpperCase();",
]


@pytest.mark.parametrize("statement", GROW_TEXT)
def test_a_text_may_reach_the_limit_and_no_more(statement: str) -> None:
    made = program_of(f"var t: text = 'abc'; {statement} out = t.length;")
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
