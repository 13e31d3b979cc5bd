"""What is short to write and multiplies: defaults of callees, variables of traces, outputs, types."""

import json
from typing import Any

import pytest

from leapter.veritas import Environment, LimitExceeded, Limits, Program, analyze, compile_program
from leapter.veritas.example import example_inputs
from leapter.veritas.schema import input_schema
from leapter.veritas.types_document import analyze_types
from tests.veritas.programs import program


def _linked(source: str, **others: str) -> tuple[Program, dict[str, Program]]:
    signatures = {name: analyze(other).signature for name, other in others.items()}
    environment = Environment(
        blueprints={name: each for name, each in signatures.items() if each is not None}
    )
    analysis = analyze(source, environment)
    assert not analysis.has_errors, analysis.findings
    assert analysis.document is not None
    return compile_program(analysis.document), {name: program(other) for name, other in others.items()}


@pytest.mark.parametrize(
    "declared",
    [
        "list of number = [" + "1," * 999 + "1]",
        "any single = {" + ",".join(f"'k{number}': {{}}" for number in range(100)) + "}",
        "list of _text = [" + ",".join(["'" + "x" * 200 + "'"] * 90) + "]",
    ],
)
def test_a_default_of_a_callee_counts_for_the_memory_of_the_run(declared: str) -> None:
    main, library = _linked(
        "function f() -> o: number { choose { if (b().y == 0) { o = 1; } } }",
        b=f"function b(x: type {declared}) -> y: number {{ y = 0; }}",
    )
    assert main.run({}, library=library).outputs == {"o": 1}
    with pytest.raises(LimitExceeded) as caught:
        main.run({}, library=library, limits=Limits(allocation_bytes=30_000))
    assert caught.value.limit == "allocation_bytes"


SWITCHES = ", ".join(f"p{number}: type boolean = false" for number in range(3_000))


def test_a_trace_of_calls_with_thousands_of_inputs_keeps_few_of_them() -> None:
    main, library = _linked(
        "function f() -> o: number { for (o = 0; o < 1500; o += 1) { b(); } }",
        b=f"function b({SWITCHES}) -> y: number {{ }}",
    )
    outcome = main.run({}, library=library, trace=True)
    assert outcome.trace is not None
    trace = outcome.trace.to_json()
    assert len(json.dumps(trace)) < 3_000_000
    assert trace["truncated"]
    # At least a turn, a call and a return for each.
    assert len(trace["trace"]) + trace["omitted"] >= 3 * 1_500


def test_node_ids_of_a_giant_s_length_fill_a_trace() -> None:
    made = program(f"function f() -> o: number {{ for (o = 0; o < 500; ) {{ @V-{'a' * 50_000} o += 1; }} }}")
    outcome = made.run({}, trace=True)
    assert outcome.trace is not None
    trace = outcome.trace.to_json()
    assert trace["truncated"]
    assert len(json.dumps(trace)) < 9_000_000


def test_what_callees_held_is_let_go_of_by_the_trace() -> None:
    main, library = _linked(
        "function f() -> o: number { for (o = 0; o < 30; o += 1) { b(); } }",
        b="function b() -> y: number { var l: list of number; l = []; l[20000] = 1; l.push(2); }",
    )
    assert main.run({}, library=library, trace=True).outputs == {"o": 30}


def test_a_name_that_is_not_among_many_outputs_is_told_the_first_of_them() -> None:
    outputs = ", ".join(f"out_{number:03}: number" for number in range(30))
    findings = analyze(f"function f() -> {outputs} {{ var a: any; a = f().zzzzzzzz; }}").findings
    (finding,) = [found for found in findings if found.code == "unknown_output"]
    assert finding.fix is not None
    assert finding.fix.startswith("It has `out_000`, ")
    assert finding.fix.endswith("`out_019`, 10 more.")


def test_findings_say_little_of_names_that_are_long() -> None:
    name = "n" * 5_000
    findings = analyze(f"function f() -> o: number {{ {name}(); }}").findings
    assert all(len(found.message) <= 1_001 and len(found.fix or "") <= 1_001 for found in findings)
    assert "unknown_function" in [found.code for found in findings]


def _signature(types: str, inputs: str) -> Any:
    read = analyze_types(types)
    return analyze(f"function f({inputs}) -> o: number {{}}", Environment(types=read.types)).signature


def test_what_is_written_out_of_aliases_has_a_bound() -> None:
    fields = " ".join(f"f{number}: Code?" for number in range(300))
    signature = _signature(f'define Code "{"d" * 1_500}" as number define Wide {{ {fields} }}', "a: Wide")
    schema = input_schema(signature)
    assert len(json.dumps(schema)) < 250_000
    properties = schema["$defs"]["Wide"]["properties"]
    assert properties["f0"] == {"type": "number", "description": "d" * 1_500}
    assert properties["f299"] == {"$ref": "#/$defs/Code"}
    assert schema["$defs"]["Code"] == properties["f0"]


def test_an_example_of_many_wide_structures_shows_what_must_be_there() -> None:
    optional = " ".join(f"f{number}: number?" for number in range(2_000))
    many = " ".join(f"g{number}: Wide" for number in range(100))
    signature = _signature(f"define Wide {{ {optional} a: number }} define All {{ {many} }}", "a: All")
    example: Any = example_inputs(signature)
    assert example["a"]["g0"]["f0"] == 1
    assert example["a"]["g99"] == {"a": 1}


def test_of_many_unknown_inputs_the_first_hundred_are_told() -> None:
    outcome = program("function f() -> o: number { o = 1; }").run(
        {f"unknown_{number}": 1 for number in range(200)}, ignore_unknown_inputs=True
    )
    assert len(outcome.warnings) == 100


def test_objects_that_are_given_up_do_not_count_and_those_that_are_held_do() -> None:
    made = program(
        "function f() -> o: number { var a: any = {}, b: any, i: number; "
        'for (i = 0; i < 2000; i += 1) { b = {"a": a, "i": i}; } o = b.i; }'
    )
    # Some 1.5 MB of objects come and go.
    assert made.run({}, limits=Limits(allocation_bytes=200_000)).outputs == {"o": 1999}


def test_a_short_list_in_the_outputs_counts_with_its_texts() -> None:
    made = program("function f(t: _text) -> o: list of _text { o = [t, t, t]; }")
    assert made.run({"t": "x" * 1_000}).outputs == {"o": ["x" * 1_000] * 3}
    with pytest.raises(LimitExceeded) as caught:
        made.run({"t": "x" * 1_000}, limits=Limits(allocation_bytes=10_000))
    assert caught.value.limit == "allocation_bytes"
