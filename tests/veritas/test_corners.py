"""What only callers in odd circumstances see."""

import enum
import inspect
import sys
from collections.abc import Callable
from typing import Any

import pytest

from leapter.veritas import (
    Environment,
    InputError,
    LimitExceeded,
    Limits,
    RunError,
    analyze,
    analyze_types,
    compile_program,
    example_inputs,
    input_schema,
    syntax_tree,
)
from leapter.veritas.numbers import SpelledNumber, spelled
from leapter.veritas.spelling import Speller
from tests.veritas.programs import program, program_of


def with_little_stack(call: Callable[[], Any], frames: int) -> Any:
    """What `call` gives where Python lets it call functions only so many deep."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + frames)
    try:
        return call()
    finally:
        sys.setrecursionlimit(limit)


def test_a_source_read_where_little_stack_is_left_gives_a_finding() -> None:
    source = f"function f() -> out: number {{ out = {'(' * 45}1{')' * 45}; }}"
    assert not analyze(source).has_errors
    analysis = with_little_stack(lambda: analyze(source), 200)
    assert [finding.code for finding in analysis.findings] == ["too_deep"]
    assert analysis.signature is None


def test_a_types_document_read_where_little_stack_is_left_gives_a_finding() -> None:
    text = f"define A as number constrained_to [{'(' * 40}1{')' * 40}]"
    analysis = with_little_stack(lambda: analyze_types(text), 200)
    assert [finding.code for finding in analysis.findings] == ["too_deep"]


def test_what_cannot_be_read_calls_nothing_and_uses_no_types() -> None:
    analysis = analyze("")
    assert (analysis.calls, analysis.uses_types) == (frozenset(), False)


def test_a_derived_node_id_gives_way_to_one_of_the_source() -> None:
    source = "function f() -> out: number {\n out = 1;\n out = 2;\n}"
    document = analyze(source).document
    assert document is not None
    derived = syntax_tree(document)["body"][0]["nodeId"]
    document = analyze(source.replace("out = 2", f"@{derived} out = 2")).document
    assert document is not None
    first, second = (statement["nodeId"] for statement in syntax_tree(document)["body"])
    assert second == derived
    assert first != second


class Grade(enum.IntEnum):
    GOOD = 2


class Price(float):
    pass


@pytest.mark.parametrize("value", [Grade.GOOD, Price(2)])
def test_numbers_of_other_classes_are_numbers(value: float) -> None:
    assert program_of("out = a * 2;", params="a: number").run({"a": value}).outputs == {"out": 4}


def test_each_number_of_a_long_list_that_is_too_large_is_a_fault() -> None:
    made = program_of("out = sum(a);", params="a: list of number")
    with pytest.raises(InputError) as caught:
        made.run({"a": [1] * 60 + [10**400]})
    assert [fault.path for fault in caught.value.faults] == ["a[60]"]


def test_a_map_longer_than_the_limit_is_a_fault() -> None:
    made = program_of("out = 1;", params="a: map of number")
    assert made.run({"a": {"x": 1, "y": 2}}, limits=Limits(list_elements=2)).outputs == {"out": 1}
    with pytest.raises(InputError) as caught:
        made.run({"a": {"x": 1, "y": 2, "z": 3}}, limits=Limits(list_elements=2))
    assert [fault.path for fault in caught.value.faults] == ["a"]


def test_what_no_json_has_is_a_fault() -> None:
    with pytest.raises(InputError) as caught:
        program_of("out = 1;", params="a: any single").run({"a": {"b": object()}})
    assert {fault.path: fault.message for fault in caught.value.faults} == {"a.b": "is not a JSON value"}


def test_more_problems_than_anyone_reads_are_not_kept() -> None:
    lines = "".join(f"var v{i}: Unheard{i}; out = x{i}; s = §;\n" for i in range(600))
    findings = analyze(f"function f() -> out: number {{\n{lines}}}").findings
    assert len(findings) == 500
    assert all(finding.severity == "error" for finding in findings)


def test_a_source_of_too_many_parts_is_one_problem() -> None:
    statements = "out=1;" * 40_000
    analysis = analyze(f"function f() -> out: number {{\n{statements}\n}}")
    assert [finding.code for finding in analysis.findings if finding.severity == "error"] == ["too_large"]
    # What cannot be read in the same line hides other problems of the line, but not this one.
    analysis = analyze(f"function f() -> out: number {{ § {statements} }}")
    assert {finding.code for finding in analysis.findings} == {"unexpected_character", "too_large"}


def test_a_table_of_too_many_parts_is_one_problem() -> None:
    rows = "| 1 | " + "1+" * 190 + "1 |\n"
    analysis = analyze(
        "function f() -> out: number {\ndecide first\n| 1 | -> out |\n|---|---|\n" + rows * 500 + "}"
    )
    assert [finding.code for finding in analysis.findings if finding.severity == "error"] == ["too_large"]


def test_long_texts_that_stand_in_a_list_often_are_sorted() -> None:
    made = program_of(
        """
        var s: text = 'b', i: number, l: list of text = [];
        for (i = 0; i < 14; i += 1) { s += s; }
        for (i = 0; i < 40; i += 1) { l.push(s); l.push('a' + s); }
        l = sort(l, 'descending');
        out = (l[0] is s and l[39] is s and l[40] is 'a' + s) ? l.length : 0;
        """
    )
    assert made.run({}).outputs == {"out": 80}


def test_the_message_of_a_long_text_that_is_thrown_is_cut() -> None:
    made = program_of("var s: text = 'x', i: number; for (i = 0; i < 14; i += 1) { s += s; } throw s;")
    with pytest.raises(RunError) as caught:
        made.run({})
    assert str(caught.value) == "x" * 10_000 + "…"


def test_examples_and_schemas_of_lists_of_objects_inside_others() -> None:
    made = program_of(
        "out = a[0].length + b.x.length;", params="a: list of any multiple, b: map of any multiple"
    )
    example = example_inputs(made.signature)
    assert example == {"a": [[{}]], "b": {"example": [{}]}}
    objects = {"type": "array", "items": {"type": "object"}}
    assert input_schema(made.signature)["properties"] == {
        "a": {"type": "array", "items": objects},
        "b": {"type": "object", "additionalProperties": objects},
    }
    assert made.run({"a": [[{}, {}]], "b": {"x": [{}]}}).outputs == {"out": 3}


def test_suggestions_end_where_there_were_many() -> None:
    speller = Speller(3)
    assert speller.nearest("totla", ["total", "tax"]) == "total"
    assert speller.nearest("totla", ["total", "tax"]) == "total"
    assert speller.nearest("totla", ["total", "tax"]) is None


def test_calls_that_become_too_much_when_they_are_compiled_are_one_problem() -> None:
    inputs = ", ".join(f"p{number}: type number = 1" for number in range(3_000))
    source = f"function g({inputs}) -> o: number {{ }}\nfunction f() -> out: number {{ {'g();' * 60} }}"
    errors = [finding.code for finding in analyze(source).findings if finding.severity == "error"]
    assert errors == ["too_large"]


def test_a_traced_program_that_calls_others_may_be_traced_again() -> None:
    callee = program("//* Twice\nfunction t(n: number) -> r: number { r = n * 2; }")
    source = "function f() -> out: number { out = twice(n: 4).r; }"
    assert callee.signature is not None
    environment = Environment(blueprints={"twice": callee.signature})
    document = analyze(source, environment).document
    assert document is not None
    made = compile_program(document)
    for _ in range(2):
        outcome = made.run({}, library={"twice": callee}, trace=True)
        assert outcome.outputs == {"out": 8}
        assert outcome.trace is not None
    for _ in range(2):
        assert callee.run({"n": 1}, trace=True).outputs == {"r": 2}


def test_of_many_inputs_that_are_ignored_some_are_named() -> None:
    inputs = {f"unknown_{number}": 1 for number in range(200)}
    assert len(program_of("out = 1;").run(inputs, ignore_unknown_inputs=True).warnings) == 100


def test_a_traced_run_that_needs_more_stack_than_there_is_ends_with_its_trace() -> None:
    made = program_of("var l: any = [], i: number; for (i = 0; i < 60; i += 1) { l = [l]; } out = l + 1;")
    assert made.run({}, trace=True).trace is not None
    with pytest.raises(LimitExceeded) as caught:
        with_little_stack(lambda: made.run({}, trace=True), 40)
    assert caught.value.trace is not None


def test_numbers_that_were_read_back_are_spelled_as_those_of_a_run() -> None:
    read = {"a": [1e20, 0.000001, 0.25, 1e21, -1e21], "b": "1e20", "c": 2.0, "d": 2.0**62, "e": None}
    found = spelled(read)
    assert isinstance(found, dict)
    assert found | {"d": float(found["d"])} == read
    assert [type(number) for number in found["a"]] == [SpelledNumber, SpelledNumber, float, float, float]
    assert [type(found[name]) for name in "bcde"] == [str, int, int, type(None)]
