"""What a trace tells of a run, and that telling it changes nothing."""

import contextlib
import copy
import json
import pickle
import random
import threading
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leapter.veritas import (
    DEFAULT_LIMITS,
    BlueprintThrown,
    Environment,
    InputError,
    Limits,
    Outcome,
    Program,
    RunError,
    analyze,
    compile_program,
    trace,
)
from tests.veritas.programs import program, program_of
from tests.veritas.runner import Case, load_cases, run_case
from tests.veritas.traces import documents, events, replayed, trace_of, watched

RUNNING = [case for case in load_cases() if {"outputs", "out", "error"} & case.data.keys()]

run_once = Program.run


def both(self: Program, inputs: dict[str, Any], **options: Any) -> Outcome:
    """Runs without and with a trace, and compares everything that there is to compare."""
    results: list[Outcome | RunError] = []
    limits = options.get("limits", DEFAULT_LIMITS)
    if limits.wall_time_s == DEFAULT_LIMITS.wall_time_s:
        options["limits"] = replace(limits, wall_time_s=60)  # watching a million statements takes long
    told: dict[str, Any] | None = None
    with pytest.MonkeyPatch.context() as patches, watched(patches) as seen:
        for traced in (False, True):
            try:
                results.append(run_once(self, inputs, **options, trace=traced))
            except RunError as error:
                results.append(error)
    plain, recorded = results
    assert plain.trace is None
    if isinstance(recorded, RunError):
        assert isinstance(plain, RunError)
        assert (type(recorded), recorded.args) == (type(plain), plain.args)
        assert (recorded.node, recorded.calls) == (plain.node, plain.calls)
    else:
        assert isinstance(plain, Outcome)
        assert json.dumps(recorded.outputs) == json.dumps(plain.outputs)
        assert (recorded.warnings, recorded.statements) == (plain.warnings, plain.statements)
    assert (recorded.trace is None) == isinstance(recorded, InputError)
    if recorded.trace is not None:
        told = recorded.trace.to_json()
        for number, (told_there, seen_there) in enumerate(zip(replayed(told), seen, strict=False)):
            assert seen_there in (None, told_there), number
        assert len(told["trace"]) + told.get("omitted", 0) == len(seen)
    if isinstance(recorded, RunError):
        if told is not None and "omitted" not in told:
            last = told["trace"][-1]
            assert last["nodeId"] == (recorded.node.id if recorded.node else told["trace"][0]["nodeId"])
            assert last["event"] == ("throw" if isinstance(recorded, BlueprintThrown) else "failure")
        raise recorded
    return recorded


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in RUNNING])
def test_a_trace_changes_no_result_and_tells_the_variables(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Program, "run", both)
    run_case(case)


def changes_of(body: str, **inputs: Any) -> list[list[Any]]:
    """The operations of each statement's event."""
    made = program_of(body, params="items: list of number", output="out: any single")
    told = trace_of(made, {"items": [1, 2, 3]} | inputs)
    return [
        event["dataContext"]["patch"]
        for event in told["trace"][1:]
        if event["event"] in ("statement", "turn")
    ]


def test_each_node_has_its_event_in_the_order_of_the_run() -> None:
    made = program("""
    //* Price
    @T-1 function price(items: list of number) -> out: type number = 0 {
      @S-1 section "Sum" {
        @V-1 var i: number, sum: number = 0;
        @L-1 for (var item in items) {
          @D-1 choose {
            @C-1 if (item > 2) { @X-1 break; }
            @C-2 if (item > 1) { @X-2 continue; }
          }
          @V-2 sum += item;
        }
      }
      @L-2 for (i = 0; i < 1; i += 1) { @V-3 out = sum; }
      @G-1 decide first
      | out | -> out |
      |---|---|
      | 0 | 5 |
      @C-3
      | 1 | 6 |
      @D-2 choose { @C-4 if (out > 100) { @V-4 out = 0; } @E-1 else { @R-1 return; } }
      @V-5 out = 7;
    }""")
    told = trace_of(made, {"items": [1, 2, 3]})
    row = next(event["nodeId"] for event in told["trace"] if event["event"] == "row")
    assert events(told, "event", "nodeId") == [
        ("start", "T-1"),
        ("statement", "S-1"),
        ("statement", "V-1"),
        ("statement", "L-1"),
        ("turn", "L-1"),
        ("statement", "D-1"),
        ("statement", "V-2"),
        ("turn", "L-1"),
        ("statement", "D-1"),
        ("branch", "C-2"),
        ("statement", "X-2"),
        ("turn", "L-1"),
        ("statement", "D-1"),
        ("branch", "C-1"),
        ("statement", "X-1"),
        ("statement", "L-2"),
        ("turn", "L-2"),
        ("statement", "V-3"),
        ("statement", "G-1"),
        ("row", row),
        ("statement", "D-2"),
        ("branch", "E-1"),
        ("return", "R-1"),
    ]
    assert events(told, "id") == [str(number + 1) for number in range(23)]


def test_what_begins_with_another_node_shows_the_variables_before_it() -> None:
    told = trace_of(
        program_of(
            """@S-1 section "A" { @S-2 section "B" { @T-1 out.push(1); } }
            @S-3 section "C" { @D-1 choose { @C-1 if (out.pop() is 1) { @T-2 out.push(3); } } }
            @S-4 section "D" { }
            @S-5 section "E" { @R-1 return; }""",
            output="out: list of number",
        ),
        {},
    )
    nodes = events(told, "nodeId")
    assert nodes[1:] == ["S-1", "S-2", "T-1", "S-3", "D-1", "C-1", "T-2", "S-4", "S-5", "R-1"]
    shown = dict(zip(nodes[1:], [document["out"] for document in documents(told)][1:], strict=True))
    assert shown["S-2"] == []
    assert shown["T-1"] == shown["S-3"] == shown["D-1"] == [1]
    assert shown["C-1"] == []
    assert shown["T-2"] == shown["R-1"] == [3]


def test_a_change_shows_in_every_variable_that_shares_the_value() -> None:
    body = """
    var a: any = [1], b: any = a, o: any = {"in": a, "n/a~": [a]};
    a.push(2);
    o.in[0] = 5;
    """
    declared, pushed, assigned = changes_of(body)
    assert [operation["path"] for operation in declared] == ["/a", "/b", "/o"]
    assert pushed == [
        {"op": "add", "path": path, "value": 2} for path in ("/a/1", "/b/1", "/o/in/1", "/o/n~1a~0/0/1")
    ]
    assert assigned == [
        {"op": "replace", "path": path, "value": 5} for path in ("/a/0", "/b/0", "/o/in/0", "/o/n~1a~0/0/0")
    ]


@pytest.mark.parametrize(
    ("statement", "operations"),
    [
        ("items.push(4, 5);", [("add", "/items/3", 4), ("add", "/items/4", 5)]),
        ("items.pop();", [("remove", "/items/2", None)]),
        ("items.splice(0, 1);", [("remove", "/items/0", None)]),
        ("items.splice(1, 1, 2, 7);", [("add", "/items/2", 7)]),
        ("items.splice(0, 2, 9);", [("replace", "/items/0", 9), ("remove", "/items/1", None)]),
        ("items.splice(0);", [("remove", "/items/0", None)] * 3),
        ("items.splice(0, 3, 4, 5, 6);", [("replace", "/items", [4, 5, 6])]),
        ("items.reverse();", [("replace", "/items", [3, 2, 1])]),
        ("items['1'] = 8;", [("replace", "/items/1", 8)]),
        ("items[4] = 8;", [("add", "/items/3", None), ("add", "/items/4", 8)]),
        ("items[0] = 1;", []),
        ("items = items;", []),
        ("items = items.slice(1);", [("replace", "/items", [2, 3])]),
        ("[].pop();", []),
        ("out = {};", [("add", "/out", {})]),
        ("items[0] = 0 / 0;", [("replace", "/items/0", "NaN")]),
        ("items[0] = -1 / 0;", [("replace", "/items/0", "-Infinity")]),
        ("items[0] = 1e20;", [("replace", "/items/0", 1e20)]),
        ("items[0] = 9007199254740994;", [("replace", "/items/0", 9007199254740994)]),
        ("items[0] = '\\ud83d\\ude00';", [("replace", "/items/0", "\U0001f600")]),
        ("items[0] = absent;", [("replace", "/items/0", None)]),
    ],
)
def test_a_change_of_a_list_is_told_by_the_operations_that_make_it(
    statement: str, operations: list[tuple[str, str, Any]]
) -> None:
    (found,) = changes_of(statement)
    assert found == [
        {"op": op, "path": path} | ({} if op == "remove" else {"value": value})
        for op, path, value in operations
    ]


def test_a_change_of_an_object_is_told_by_the_operation_that_makes_it() -> None:
    body = """
    out = {"a": 1, "b": absent};
    out.a = 2; out.b = 3; out["a"] = absent; out.a = absent; out.a = true;
    out = absent;
    """
    found = [operation for operations in changes_of(body) for operation in operations]
    assert found == [
        {"op": "add", "path": "/out", "value": {"a": 1}},
        {"op": "replace", "path": "/out/a", "value": 2},
        {"op": "add", "path": "/out/b", "value": 3},
        {"op": "remove", "path": "/out/a"},
        {"op": "add", "path": "/out/a", "value": True},
        {"op": "remove", "path": "/out"},
    ]


def test_a_value_inside_itself_or_nested_without_end_is_cut() -> None:
    body = """
    var l: any = [1], o: any = {"l": l}, deep: any = [], i: number;
    l.push(o);
    for (i = 0; i < 70; i += 1) { deep = [deep]; }
    l.push(2);
    """
    told = trace_of(program_of(body, output="out: number"), {})
    last = documents(told)[-1]
    assert last["l"] == [1, {"l": "(circular)"}, 2]
    assert last["o"] == {"l": [1, "(circular)", 2]}
    assert "(nested too deeply)" in json.dumps(last["deep"])


def test_a_statement_that_calls_comes_before_and_after_what_it_calls() -> None:
    made = program("""
    @T-1 function twice(l: list of number, by: type number = 2) -> out: list of number, n: number {
      @L-1 for (var x in l) { @T-2 out.push(x * by); }
      @T-3 l.push(0);
    }
    @T-4 function main(l: list of number) -> out: list of number {
      @D-1 choose { @C-1 if (twice(l: l).n is absent) { @T-5 out = twice(l: l, by: 3).out; } }
    }""")
    told = trace_of(made, {"l": [1]})
    assert events(told, "event", "nodeId", "callDepth") == [
        ("start", "T-4", 0),
        ("statement", "D-1", 0),
        ("call", "C-1", 0),
        ("start", "T-1", 1),
        ("statement", "L-1", 1),
        ("turn", "L-1", 1),
        ("statement", "T-2", 1),
        ("statement", "T-3", 1),
        ("return", "T-1", 1),
        ("branch", "C-1", 0),
        ("call", "T-5", 0),
        ("start", "T-1", 1),
        ("statement", "L-1", 1),
        *[("turn", "L-1", 1), ("statement", "T-2", 1)] * 2,
        ("statement", "T-3", 1),
        ("return", "T-1", 1),
        ("statement", "T-5", 0),
        ("return", "T-4", 0),
    ]
    shown = documents(told)
    assert shown[3] == {"l": [1], "by": 2, "out": []}
    assert shown[8] == {"l": [1, 0], "by": 2, "out": [2], "x": 1}
    assert shown[9] == {"l": [1, 0], "out": []}
    assert shown[-1] == {"l": [1, 0, 0], "out": [3, 0]}


def test_each_event_names_the_blueprint_that_it_is_in() -> None:
    inner_source = "//* Rate\nfunction r(code: _text) -> rate: number { @T-1 rate = 2; }"
    inner = analyze(inner_source)
    outer = analyze(
        "//* Price\nfunction p() -> out: number { @T-2 out = rate(code: 'a').rate; }",
        Environment(blueprints={"rate": inner.signature}),
    )
    rate, price = (
        compile_program(analysis.document, model_id=model_id)
        for analysis, model_id in ((inner, "inner id"), (outer, "outer id"))
    )
    outcome = price.run({}, library={"rate": rate}, trace=True)
    told = outcome.trace.to_json()
    assert events(told, "event", "modelId", "callDepth") == [
        ("start", "outer id", 0),
        ("call", "outer id", 0),
        ("start", "inner id", 1),
        ("statement", "inner id", 1),
        ("return", "inner id", 1),
        ("statement", "outer id", 0),
        ("return", "outer id", 0),
    ]
    assert documents(told)[-1] == {"out": 2}
    # Without the Blueprint that it calls, it fails as it does untraced.
    for traced in (True, False):
        with pytest.raises(RunError, match="cannot run"):
            price.run({}, trace=traced)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("@T-1 out = 1;\n@X-1 throw 'no';", [("statement", "T-1"), ("throw", "X-1")]),
        ("@S-1 section 'A' { @X-1 throw 'no'; }", [("statement", "S-1"), ("throw", "X-1")]),
        ("@S-1 section 'A' { @T-1 out = max([]); }", [("statement", "S-1"), ("failure", "T-1")]),
        (
            "@S-1 section 'A' { @D-1 choose { @C-1 if (max([]) > 1) { } } }",
            [("statement", "S-1"), ("statement", "D-1"), ("failure", "C-1")],
        ),
        (
            "@S-1 section 'A' { @G-1 decide first\n| max([]) | -> out |\n|---|---|\n| 1 | 1 |\n}",
            [("statement", "S-1"), ("failure", "G-1")],
        ),
        (
            "@S-1 section 'A' { @L-1 while (max([])) { } }",
            [("statement", "S-1"), ("statement", "L-1"), ("failure", "L-1")],
        ),
        ("@L-1 while (true) { @T-1 out = 1; }", None),
    ],
)
def test_a_run_that_fails_is_told_up_to_what_failed(
    body: str, expected: list[tuple[str, str]] | None
) -> None:
    with pytest.raises(RunError) as caught:
        program_of(body).run({}, limits=Limits(statements=50), trace=True)
    assert caught.value.trace is not None
    told = caught.value.trace.to_json()
    found = events(told, "event", "nodeId")[1:]
    if expected is not None:
        assert found == expected
    assert caught.value.node is not None
    assert found[-1][1] == caught.value.node.id


def test_variables_that_a_failed_declaration_had_set_are_told() -> None:
    told = trace_of(program_of("var a: number = 1, b: number = max([]);"), {})
    assert documents(told)[-1] == {"a": 1}


def test_an_output_that_is_not_a_number_is_told_at_the_output() -> None:
    with pytest.raises(RunError) as caught:
        program_of("out = 0 / 0;", output="@V-9 out: number").run({}, trace=True)
    assert caught.value.trace is not None
    told = caught.value.trace.to_json()
    assert events(told, "event", "nodeId")[-1] == ("failure", "V-9")
    assert documents(told)[-1] == {"out": "NaN"}


def test_a_run_that_fails_before_it_begins_has_one_event() -> None:
    made = program_of("", output=f"out: type _text = '{'x' * 1001}'")
    told = trace_of(made, {}, limits=Limits(string_characters=1000))
    assert events(told, "event", "callDepth", "dataContext") == [
        ("failure", 0, {"type": "full", "variables": {}})
    ]


def test_inputs_that_do_not_fit_have_no_trace() -> None:
    with pytest.raises(InputError) as caught:
        program_of("out = a;", params="a: number").run({"a": "x"}, trace=True)
    assert caught.value.trace is None


def test_times_are_in_order_and_add_up() -> None:
    before = datetime.now(UTC)
    told = trace_of(program_of("out = 0; while (out < 100) { out += 1; }"), {})
    after = datetime.now(UTC)
    times = [datetime.fromisoformat(text) for text in events(told, "timestamp")]
    assert times == sorted(times)
    second = timedelta(seconds=1)
    assert before - second < times[0] <= times[-1] < after + second
    durations = events(told, "duration")
    assert all(duration >= 0 for duration in durations)
    assert sum(durations) <= told["totalDuration"] < 10_000
    for number in range(len(times) - 1):
        difference = (times[number + 1] - times[number]) / timedelta(milliseconds=1)
        assert difference == pytest.approx(durations[number], abs=0.002)


def test_a_trace_is_the_same_each_time_it_is_read_also_from_a_copy() -> None:
    with pytest.raises(RunError) as caught:
        program_of("var l: any = [absent, null, {'a': absent}]; l.pop(); throw 'no';").run({}, trace=True)
    copied = pickle.loads(pickle.dumps(caught.value))
    told = caught.value.trace.to_json()
    assert told is caught.value.trace.to_json()
    assert copied.trace.to_json() == told
    assert copy.copy(caught.value).trace.to_json() == told


def test_events_past_the_bound_are_counted_and_the_run_goes_on() -> None:
    made = program_of("out = 0; while (out < a) { out += 1; }", params="a: number")
    # Start, assignment, loop, and two events a turn, and the return.
    exact, more = (trace.MAX_EVENTS - 4) // 2, 30_000
    told = trace_of(made, {"a": exact})
    assert len(told["trace"]) == trace.MAX_EVENTS
    assert "truncated" not in told
    outcome = made.run({"a": more}, trace=True)
    assert outcome.outputs == {"out": more}
    told = outcome.trace.to_json()
    assert len(told["trace"]) == trace.MAX_EVENTS
    assert (told["truncated"], told["omitted"]) == (True, 2 * more + 4 - trace.MAX_EVENTS)
    assert documents(told)[-1] == {"a": more, "out": (trace.MAX_EVENTS - 4) // 2}


def test_data_past_the_bound_is_left_out_and_the_run_goes_on() -> None:
    body = """
    var t: _text = 'x', i: number;
    for (i = 0; i < 18; i += 1) { t += t; }
    for (i = 0; i < 200; i += 1) { t = t.slice(1) + 'y'; }
    out = t.length;
    """
    outcome = program_of(body).run({}, trace=True)
    assert outcome.outputs == {"out": 2**18}
    told = outcome.trace.to_json()
    assert told["truncated"]
    assert len(json.dumps(told)) < trace.MAX_DATA_BYTES + 1_000_000
    assert len(documents(told)) + told["omitted"] == 18 * 2 + 200 * 2 + 6


def test_searching_for_what_a_change_shows_in_is_bounded() -> None:
    body = """
    var l: any = [], i: number;
    for (i = 0; i < 3000; i += 1) { l.push([i]); }
    for (i = 0; i < 3000; i += 1) { l[2999].push(i); }
    out = l[2999].length;
    """
    started = time.process_time()
    outcome = program_of(body).run({}, trace=True)
    told = outcome.trace.to_json()
    assert time.process_time() - started < 20
    assert outcome.outputs == {"out": 3001}
    assert told["truncated"]
    *_, last = replayed(told)
    assert last["l"][2999] == [2999, *range(last["i"] + 1)][: len(last["l"][2999])]


def test_values_that_double_with_each_turn_end_the_trace_and_not_the_run() -> None:
    body = "var l: any = [1], i: number; for (i = 0; i < 60; i += 1) { l = [l, l]; } out = l.length;"
    outcome = program_of(body).run({}, trace=True)
    assert outcome.outputs == {"out": 2}
    assert outcome.trace.to_json()["truncated"]


def test_a_long_run_is_told_as_a_short_one_is() -> None:
    # So many changes in one statement that events are made, and lists put back and forth, in the midst of it.
    body = """
    var l: any = [], twin: any = l, i: number;
    for (i = 0; i < 30; i += 1) { l.push(i); }
    for (var x in l) {
      for (i = 0; i < 60; i += 1) {
        l.push(l.pop() + 0, l.splice(0, 1)[0]); l.reverse(); l[1] = l[1] + 1; l.pop(); l.splice(2, 0, x);
      }
      choose { if (l.length > 200) { break; } }
    }
    out = sum(l);
    """
    made = program_of(body)
    assert both(made, {}).outputs == both(made, {}).outputs


def test_events_made_in_the_midst_of_a_statement_lose_none_of_its_changes() -> None:
    # Between two looks at the clock the log grows to 23,000 entries; the sums have it looked at.
    pushes = "+".join(["l.push(i)"] * 190)
    body = f"""
    var l: any = [], i: number;
    for (i = 0; i < 120; i += 1) {{ out = {pushes}; }}
    out = l.push(7) + sum(big) + l.push(8) + sum(big) + l.push(9) + sum(big) + l.pop();
    """
    made = program_of(body, params="big: list of number")
    assert both(made, {"big": [1] * 90_000}).outputs == {"out": 3 * 22_800 + 6 + 3 * 90_000 + 9}


def test_memory_that_a_run_gave_up_does_not_stay_for_its_trace() -> None:
    body = """
    var s: text = 'x', t: text, i: number;
    for (i = 0; i < 16; i += 1) { s += s; }
    for (i = 0; i < 2000; i += 1) { t = s + i; }
    out = t.length;
    """
    made = program_of(body)
    made.run({}, trace=True)
    tracemalloc.start()
    told = made.run({}, trace=True).trace
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 160 * 1024 * 1024  # 260 MiB come and go
    assert told.to_json()["truncated"]


def test_memory_that_callees_gave_up_does_not_stay_for_the_trace() -> None:
    callee = analyze("""//* Big
    function b() -> n: number {
      var t: _text = 'x', u: _text, i: number;
      for (i = 0; i < 18; i += 1) { t += t; }
      for (i = 0; i < 3; i += 1) { u = t + i; }
      n = u.length;
    }""")
    caller = analyze(
        "function f() -> out: number { while (out < 200) { out += 1; big().n; } }".replace(
            "out: number {", "out: type number = 0 {"
        ),
        Environment(blueprints={"big": callee.signature}),
    )
    big, made = compile_program(callee.document), compile_program(caller.document)
    tracemalloc.start()
    outcome = made.run({}, library={"big": big}, trace=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outcome.outputs == {"out": 200}
    assert peak < 80 * 1024 * 1024  # 600 MiB come and go
    assert outcome.trace.to_json()["truncated"]


def test_the_first_traced_runs_may_come_from_many_threads_at_once() -> None:
    made = program_of("out = 0; while (out < 20) { out += 1; }")
    found: list[list[Any]] = []
    threads = [
        threading.Thread(target=lambda: found.append(events(trace_of(made, {}), "event", "dataContext")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(one == found[0] for one in found)


LISTS = ("[]", "[1, 2]", "[a, b]", "[{'k': c}]", "a", "b", "c", "a.slice(1)", "b.concat(c)")
VALUES = (*LISTS, "{'k': a, 'm': 1}", "o", "3", "'t'", "absent", "1 / 0")
STATEMENTS = (
    *["{x}.push({value});", "{x}.splice({n}, {n}, {value}, {value});", "{x}[{n}] = {value};"] * 3,
    "{x} = {list};",
    "{x} = [{list}, {value}];",
    "{x}.push({value}, {value}, {value});",
    "{x}.pop();",
    "{x}.splice({n}, {n});",
    "{x}.reverse();",
    "o.k = {value};",
    "o['m'] = {value};",
    "o.m += 1;",
    "o = {{'k': {value}, 'm': {value}}};",
    "change(l: {x}, v: {x});",
    "{x} = change(l: {x}, v: {list}).l_too;",
    "{x}.push(change(l: {x}, v: {list}).l_too);",
    "choose {{ if ({x}.length > {n}) {{ {x}.pop(); }} else {{ {x} = [{x}]; }} }}",
    "section 'S' {{ {x}.push({value}); }}",
    "for (var e{number} in [1, 2]) {{ {x}.push(e{number}); }}",
    "decide first\n| {x}.length | -> {x} | b |\n|---|---|---|\n| 1 | [2] | a |\n| any | {list} | c |\n",
)


@pytest.mark.parametrize("has_helper", [True, False])
@pytest.mark.parametrize("seed", range(60))
def test_traces_of_generated_programs_tell_what_happened(seed: int, has_helper: bool) -> None:
    chooser = random.Random(seed)
    lines: list[str] = []
    while len(lines) < 40:
        number = len(lines)
        line = chooser.choice(STATEMENTS).format(
            x=chooser.choice("abc"),
            value=chooser.choice(VALUES),
            list=chooser.choice(LISTS),
            n=chooser.choice("0123"),
            number=number,
        )
        if has_helper or "change(" not in line:
            lines.append(line)
    body = "\n".join(lines)
    helper = """
    function change(l: any multiple, v: any multiple) -> l_too: any multiple {
      l.push(v); l.push(1); l_too = l;
    }"""
    made = program(f"""{helper if has_helper else ""}
    function main(items: list of number) -> out: any multiple {{
      var a: any = items, b: any = [5, 6], c: any = [[7], [8]], o: any = {{"k": [9], "m": 0}};
      {body}
      out = a;
    }}""")
    with contextlib.suppress(RunError):
        both(made, {"items": [1, 2]})
