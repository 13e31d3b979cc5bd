"""What only callers in odd circumstances see."""

import enum
import inspect
import sys
from collections.abc import Callable
from typing import Any

import pytest

from leapter.veritas import InputError, Limits, RunError, analyze, analyze_types, syntax_tree
from tests.veritas.programs import program_of


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
    analysis = analyze("function f() -> out: number {\n" + "out=1;" * 40_000 + "\n}")
    assert [finding.code for finding in analysis.findings if finding.severity == "error"] == ["too_large"]


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
