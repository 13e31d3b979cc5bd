"""Calls between Blueprints beside the cases: what only hostile projects, threads and changes bring about."""

import inspect
import sys
import threading
import time
import tracemalloc

import pytest

from leapter.veritas import (
    Environment,
    LimitExceeded,
    Limits,
    OperationFailed,
    Program,
    RunError,
    analyze,
    compile_program,
)


def project(**sources: str) -> dict[str, Program]:
    """The programs of a project, by call identifier."""
    signatures = {}
    for source in sources.values():
        signature = analyze(source).signature
        assert signature is not None
        signatures[signature.call_identifier] = signature
    programs = {}
    for identifier, source in sources.items():
        analysis = analyze(source, Environment(blueprints=signatures))
        assert not analysis.has_errors, analysis.findings
        assert analysis.document is not None
        programs[identifier] = compile_program(analysis.document)
    return programs


def test_a_callee_that_has_changed_since_names_what_it_does_not_know() -> None:
    old = project(caller="//* Caller\nfunction c() -> o: number {\no = other(weight: 1).o; }", other=OTHER)
    new = project(other=OTHER.replace("weight", "kilos"))
    with pytest.raises(OperationFailed) as caught:
        old["caller"].run({}, library=new)
    assert str(caught.value) == (
        "`other` cannot be called with these inputs: `kilos` is required; "
        "`weight` is not an input of this Blueprint."
    )


OTHER = "//* Other\nfunction o(weight: number) -> o: number { o = weight; }"


def test_a_program_without_a_library_says_what_is_missing() -> None:
    caller = project(caller="//* Caller\nfunction c() -> o: number {\no = other(weight: 1).o; }", other=OTHER)
    with pytest.raises(OperationFailed, match="`other`, which is called here, cannot run"):
        caller["caller"].run({})


# Without a bound on statements, 2**60 calls.
DOUBLING = """\
//* D
function x(n: type number = 0) -> o: number {
    o = n < 60 ? d(n: n + 1).o + d(n: n + 1).o : 1;
}"""
# Small as long as its parts are shared, endless once they are copied.
SHARED = """\
//* Big
function x(l: any single, n: type number = 0) -> o: any single {
    //* Grow
    o = {"a": l, "b": l, "c": l, "d": l};
    choose { if (n < 60) { o = big(l: o, n: n + 1).o; } }
}"""
GROWING = """\
//* Grow
function x(l: type list of number = [1]) -> o: list of number {
    //* Twice as long, with each call
    o = grow(l: l.concat(l)).o;
}"""
ENDLESS = """\
//* Spin
function x() -> o: number {
    while (true) { spun().o; }
}"""
SPUN = """\
//* Spun
function x() -> o: number {
    var t: _text = "x";
    while (t.length < 500000) { t += t; }
    o = t.length;
}"""


@pytest.mark.parametrize(
    ("source", "inputs"),
    [(DOUBLING, {}), (SHARED, {"l": {"z": 1}}), (GROWING, {}), (ENDLESS, {})],
    ids=["doubling", "shared", "growing", "endless"],
)
def test_a_project_that_calls_without_end_is_ended_in_time_and_leaves_no_memory(
    source: str, inputs: dict[str, object]
) -> None:
    analysis_of = {"d": DOUBLING, "big": SHARED, "grow": GROWING, "spin": ENDLESS, "spun": SPUN}
    programs = project(**analysis_of)
    (name,) = [name for name, other in analysis_of.items() if other is source]
    limits = Limits(wall_time_s=2, allocation_bytes=16 * 1024 * 1024)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    started = time.monotonic()
    with pytest.raises(LimitExceeded):
        programs[name].run(inputs, library=programs, limits=limits)
    assert time.monotonic() - started < 20  # tracemalloc makes it several times slower
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 1_000_000
    assert peak - before < 20 * 1024 * 1024


def test_one_callee_runs_in_many_threads_and_for_many_callers_at_once() -> None:
    loop = """\
//* Total
function x(n: number) -> total: type number = 0 {
    var i: number;
    for (i = 1; i <= n; i += 1) { total += i; }
}"""
    caller = "//* Caller\nfunction c(n: number) -> o: number {\no = total(n: n).total * 2; }"
    programs = project(total=loop, caller=caller)
    wrong: list[object] = []

    def work(count: int) -> None:
        for _ in range(30):
            outcome = programs["caller"].run({"n": count}, library=programs)
            alone = programs["total"].run({"n": count})
            if (outcome.outputs, alone.outputs) != (
                {"o": count * (count + 1)},
                {"total": count * (count + 1) // 2},
            ):
                wrong.append(outcome)

    threads = [threading.Thread(target=work, args=(count,)) for count in range(100, 108)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_callee_counts_as_many_statements_as_it_does_alone() -> None:
    loop = "//* Loop\nfunction x(n: number) -> i: type number = 0 {\nwhile (i < n) { i += 1; }\n}"
    programs = project(loop=loop, caller="//* Caller\nfunction c() -> o: number {\no = loop(n: 1000).i; }")
    alone = programs["loop"].run({"n": 1000}).statements
    # The caller's own statement, and the call.
    assert programs["caller"].run({}, library=programs).statements == alone + 2


def test_memory_of_the_interpreter_that_runs_out_in_a_callee_is_told_with_its_place() -> None:
    # A caller of the language may have little of its stack left.
    source = "//* D\nfunction x(n: type number = 0) -> o: number {\no = n < 60 ? d(n: n + 1).o : 1; }"
    programs = project(d=source)

    def deep(levels: int) -> object:
        return deep(levels - 1) if levels else programs["d"].run({})

    frames = len(inspect.stack(0))
    with pytest.raises(RunError) as caught:
        deep(sys.getrecursionlimit() - frames - 60)
    assert caught.value.node
    assert caught.value.node.blueprint == "d"
    assert caught.value.calls


WORKER = """\
//* Worker
function w() -> n: number {
    var t: _text = "x";
    while (t.length < 5000) { t += t; }
    n = t.length;
}"""
MIDDLE = """\
//* Middle
function m() -> n: type number = 0 {
    var i: number = 0;
    while (i < 500) { i += 1; n += worker().n; }
}"""
TOP = "//* Top\nfunction t() -> n: number {\nn = middle().n + middle().n; }"


def test_what_a_call_used_is_free_again_once_it_has_returned() -> None:
    # Each of the calls makes 32 KB of text and an object of 450 bytes, and none of it is left.
    programs = project(worker=WORKER, middle=MIDDLE, top=TOP)
    outcome = programs["top"].run({}, library=programs, limits=Limits(allocation_bytes=80_000))
    assert outcome.outputs == {"n": 2 * 500 * 8192}


def test_what_a_caller_holds_counts_while_its_callees_run() -> None:
    holds = """\
//* Top
function t() -> n: number {
    var t: _text = "x";
    while (t.length < 20000) { t += t; }
    n = middle().n + t.length;
}"""
    programs = project(worker=WORKER, middle=MIDDLE, top=holds)
    with pytest.raises(LimitExceeded) as caught:
        programs["top"].run({}, library=programs, limits=Limits(allocation_bytes=100_000))
    assert caught.value.limit == "allocation_bytes"
    assert caught.value.node
    assert caught.value.node.blueprint == "worker"
